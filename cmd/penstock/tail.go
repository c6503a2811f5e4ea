// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
)

type tailFlags struct {
	kafka, config string
	keys, values  string
	properties    []string
	fromBeginning bool
	max           int
	partition     int32
	onePartition  bool // partition was given by the user
	output        string
}

func tailCommand(r connect.Registry) *cobra.Command {
	var f tailFlags
	cmd := &cobra.Command{
		Use:   "tail TOPIC",
		Short: "Print the records of a topic, decoded",
		Long: `Print the records of a topic as they come, decoded, until Ctrl-C.

Without converters keys and values are shown as text, or in base64 if they are
not. A converter is named as in a connector's config, and its keys are given by
--property: --value-converter json --property value.converter.schemas.enable=true.
With -o json each record is a line of JSON.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.onePartition = cmd.Flags().Changed("partition")
			return tail(cmd.Context(), r, f, args[0], cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&f.kafka, "kafka", "", "brokers as `host:port,…`")
	cmd.Flags().StringVar(&f.config, "config", "", "worker properties `file` that says how to reach Kafka, and the default converters")
	cmd.Flags().StringVar(&f.keys, "key-converter", "", "converter of keys, such as json")
	cmd.Flags().StringVar(&f.values, "value-converter", "", "converter of values, such as json")
	cmd.Flags().StringArrayVar(&f.properties, "property", nil, "`key=value` of a converter, with its prefix; may be repeated")
	cmd.Flags().BoolVar(&f.fromBeginning, "from-beginning", false, "print what is in the topic already, too")
	cmd.Flags().IntVar(&f.max, "max", 0, "end after that many records; 0 is without end")
	cmd.Flags().Int32Var(&f.partition, "partition", 0, "read only this partition")
	addOutput(cmd, &f.output)
	for flag, side := range map[string]string{"key-converter": connect.KeySide, "value-converter": connect.ValueSide} {
		// The error says that the flag does not exist, and it does.
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(r.ConverterNames(side), cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func (f tailFlags) check() error {
	switch {
	case f.output != "" && f.output != "json":
		return outputError(f.output)
	case f.kafka == "" && f.config == "":
		return errors.New("--kafka or --config must say how to reach Kafka")
	case f.max < 0:
		return fmt.Errorf("--max must be 0 or more, not %d", f.max)
	case f.onePartition && f.partition < 0:
		return fmt.Errorf("--partition must be 0 or more, not %d", f.partition)
	}
	return nil
}

// errEnough ends a tail that has printed --max records.
var errEnough = errors.New("enough records")

func tail(ctx context.Context, r connect.Registry, f tailFlags, topic string, out io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	s, _, err := loadSettings(ctx, r, manifest.Manifest{}, f.config)
	if err != nil {
		return err
	}
	if f.kafka != "" {
		s.connection["bootstrap.servers"] = f.kafka
	}
	config, problems := kafka.ParseConfig(s.connection)
	if err := join(problems); err != nil {
		return s.redactor().Error(err)
	}
	p, err := f.printer(ctx, r, s, topic, out)
	if err != nil {
		return s.redactor().Error(err)
	}
	o := kafka.TailOptions{ClientID: "penstock-tail", Topic: topic, FromBeginning: f.fromBeginning}
	if f.onePartition {
		o.Partition = &f.partition
	}
	n := 0
	err = config.Tail(ctx, o, func(rec kafka.TailRecord) error {
		if err := p.print(rec); err != nil {
			return err
		}
		if n++; n == f.max {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) || ctx.Err() != nil {
		return nil
	}
	return s.redactor().Error(err)
}

// printer builds what prints records.
func (f tailFlags) printer(ctx context.Context, r connect.Registry, s settings, topic string, out io.Writer) (*recordPrinter, error) {
	props, err := f.props()
	if err != nil {
		return nil, err
	}
	resolved, err := secrets.New(s.providers).Resolve(ctx, props)
	if err != nil {
		return nil, fmt.Errorf("--property: %w", err)
	}
	p := &recordPrinter{topic: topic, out: out, json: f.output == "json"}
	if p.encode, err = encoder(r); err != nil {
		return nil, err
	}
	if p.keys, err = sideConverter(r, connect.KeySide, resolved.Props, s.defaults); err != nil {
		return nil, err
	}
	p.values, err = sideConverter(r, connect.ValueSide, resolved.Props, s.defaults)
	return p, err
}

// props are the converters as a connector's config would name them.
func (f tailFlags) props() (map[string]string, error) {
	props := map[string]string{}
	for _, p := range f.properties {
		k, v, ok := strings.Cut(p, "=")
		if !ok || !strings.HasPrefix(k, "key.converter.") && !strings.HasPrefix(k, "value.converter.") {
			// A value may be a password: it is not repeated.
			return nil, fmt.Errorf("--property %q must be key=value, and the key begin with key.converter. or value.converter.", k)
		}
		props[k] = v
	}
	maps.DeleteFunc(props, func(_, v string) bool { return v == "" })
	for key, name := range map[string]string{"key.converter": f.keys, "value.converter": f.values} {
		if name != "" {
			props[key] = name
		}
	}
	return props, nil
}

// sideConverter returns the converter that is named for a side; nil without one.
func sideConverter(r connect.Registry, side string, props, defaults map[string]string) (connect.Converter, error) {
	key := side + ".converter"
	if props[key] == "" {
		for k := range props {
			if strings.HasPrefix(k, key+".") {
				return nil, fmt.Errorf("--property %s has no effect without --%s-converter", key, side)
			}
		}
		if defaults[key] == "" {
			return nil, nil
		}
	}
	c := r.ConverterFor(side, props, defaults)
	// A key that has no effect is most likely a mistake.
	if err := join(append(c.Problems, c.Warnings...)); err != nil {
		return nil, err
	}
	converter, err := c.Plugin.New(c.Props, side == connect.KeySide)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return converter, nil
}

// encoder is JSON without schemas, for what converters have decoded.
func encoder(r connect.Registry) (connect.Converter, error) {
	p, ok := r.Converter("json")
	if !ok {
		return nil, errors.New("this build has no json converter")
	}
	return p.New(map[string]string{"schemas.enable": "false", "decimal.format": "NUMERIC"}, false)
}
