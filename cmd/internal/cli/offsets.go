// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// maxOffsets bounds a file of offsets.
const maxOffsets = 64 << 20

func offsetsCommand(src Source) *cobra.Command {
	cmd := &cobra.Command{Use: "offsets", Short: "Show, move or forget where a connector stands"}
	cmd.AddCommand(offsetsGetCommand(src))
	if src.Moves {
		cmd.AddCommand(offsetsSetCommand(src), offsetsResetCommand(src))
	} else {
		cmd.Short = "Show where a connector stands"
	}
	return cmd
}

func offsetsGetCommand(src Source) *cobra.Command {
	var output Output
	cmd := &cobra.Command{
		Use:   "get CONNECTOR",
		Short: "Show where a connector stands",
		Long:  src.OffsetsDoc,
		Args:  cobra.ExactArgs(1),
	}
	open := src.Open(cmd, One)
	cmd.ValidArgsFunction = completeNames(open, false)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := output.Check(); err != nil {
			return err
		}
		b, err := open()
		if err != nil {
			return err
		}
		o, err := b.Offsets(cmd.Context(), args[0])
		if err != nil {
			return src.about(args[0], err)
		}
		if o.Offsets == nil {
			o.Offsets = []Offset{}
		}
		if len(o.Offsets) == 0 && output == Table {
			_, err := fmt.Fprintln(cmd.ErrOrStderr(), src.Subject+args[0]+": no offsets are committed yet")
			return err
		}
		return output.Print(cmd.OutOrStdout(), o, func(w io.Writer) error { return printOffsets(w, o) })
	}
	AddOutput(cmd, &output)
	return cmd
}

func printOffsets(w io.Writer, o Offsets) error {
	rows := make([][]string, len(o.Offsets))
	for i, offset := range o.Offsets {
		partition, err := object(offset.Partition)
		if err != nil {
			return err
		}
		at, err := object(offset.Offset)
		if err != nil {
			return err
		}
		rows[i] = []string{partition, at}
	}
	if err := WriteTable(w, []string{"PARTITION", "OFFSET"}, rows); err != nil {
		return err
	}
	if o.Total > len(o.Offsets) {
		_, err := fmt.Fprintf(w, "%d of %d partitions\n", len(o.Offsets), o.Total)
		return err
	}
	return nil
}

func object(m map[string]any) (string, error) {
	if m == nil {
		return "", nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(m)
	return strings.TrimSpace(b.String()), err
}

func offsetsSetCommand(src Source) *cobra.Command {
	var file string
	var yes bool
	cmd := &cobra.Command{
		Use:   "set CONNECTOR -f FILE",
		Short: "Move a stopped connector to other offsets",
		Long: `Move a stopped connector to other offsets.

The file is JSON or YAML as offsets get prints it: {"offsets": [{"partition":
{…}, "offset": {…}}]}. An offset of null forgets that partition. Partitions that
are not in the file stay where they are.`,
		Args: cobra.ExactArgs(1),
	}
	open := src.Open(cmd, One)
	cmd.ValidArgsFunction = completeNames(open, false)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		offsets, err := readOffsets(file, cmd.InOrStdin())
		if err != nil {
			return err
		}
		question := fmt.Sprintf("Move connector %s to other offsets in %d of its partitions?", args[0], len(offsets))
		return change(cmd, src, open, args[0], file == "-", yes, question, func(b Mover) (string, error) {
			return b.SetOffsets(cmd.Context(), args[0], offsets)
		})
	}
	cmd.Flags().StringVarP(&file, "filename", "f", "", "`file` of offsets, or - for stdin")
	_ = cmd.MarkFlagRequired("filename") // the flag exists
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func offsetsResetCommand(src Source) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "reset CONNECTOR",
		Short: "Let a stopped connector forget where it stands, so that it begins anew",
		Args:  cobra.ExactArgs(1),
	}
	open := src.Open(cmd, One)
	cmd.ValidArgsFunction = completeNames(open, false)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		question := fmt.Sprintf("Forget all offsets of connector %s?", args[0])
		return change(cmd, src, open, args[0], false, yes, question, func(b Mover) (string, error) {
			return b.ResetOffsets(cmd.Context(), args[0])
		})
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// change does what cannot be undone once the user has agreed.
func change(cmd *cobra.Command, src Source, open func() (Backend, error), name string, stdinUsed, yes bool, question string, do func(Mover) (string, error)) error {
	b, err := open()
	if err != nil {
		return err
	}
	m, ok := b.(Mover)
	if !ok {
		return fmt.Errorf("%T moves no offsets", b)
	}
	switch {
	case !yes && stdinUsed:
		return errors.New("--yes must be given if the offsets come from stdin, because nobody can be asked then")
	case !yes:
		if err := ask(cmd.InOrStdin(), cmd.ErrOrStderr(), question); err != nil {
			return err
		}
	}
	message, err := do(m)
	if err != nil {
		return src.about(name, err)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), printable(message))
	return err
}

// ask returns an error unless the answer is yes.
func ask(in io.Reader, out io.Writer, question string) error {
	fmt.Fprintf(out, "%s [y/N] ", question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed; answer y, or give --yes")
}

// readOffsets reads a file of offsets, strictly and with numbers as they are
// written.
func readOffsets(file string, stdin io.Reader) ([]Offset, error) {
	data, err := readAll(file, stdin)
	if err != nil {
		return nil, fmt.Errorf("reading the offsets: %w", err)
	}
	// Numbers of JSON would lose digits on their way through YAML.
	if !json.Valid(data) {
		if data, err = yaml.YAMLToJSONStrict(data); err != nil {
			return nil, fmt.Errorf("reading the offsets: %w", err)
		}
	}
	var o struct {
		Offsets []struct {
			Partition map[string]any  `json:"partition"`
			Offset    json.RawMessage `json:"offset"`
		} `json:"offsets"`
		Total int `json:"total"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return nil, fmt.Errorf(`reading the offsets: %w; they must be {"offsets": [{"partition": {…}, "offset": {…}}]}`, err)
	}
	if len(o.Offsets) == 0 {
		return nil, errors.New("the file holds no offsets; to forget all of them use offsets reset")
	}
	out := make([]Offset, len(o.Offsets))
	for i, e := range o.Offsets {
		if e.Partition == nil {
			return nil, fmt.Errorf("offsets[%d].partition must be set", i)
		}
		// One that was left out by mistake must not forget the partition.
		if e.Offset == nil {
			return nil, fmt.Errorf("offsets[%d].offset must be set; null forgets the partition", i)
		}
		d := json.NewDecoder(bytes.NewReader(e.Offset))
		d.UseNumber()
		out[i].Partition = e.Partition
		if err := d.Decode(&out[i].Offset); err != nil {
			return nil, fmt.Errorf("offsets[%d].offset must be an object or null: %w", i, err)
		}
	}
	return out, nil
}

func readAll(file string, stdin io.Reader) ([]byte, error) {
	r := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // it was only read
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, maxOffsets+1))
	if err == nil && len(data) > maxOffsets {
		err = fmt.Errorf("%s is larger than %d MiB", file, maxOffsets>>20)
	}
	return data, err
}
