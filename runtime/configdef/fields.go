// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Documented is a config struct that carries its documentation: key to text.
// The method is generated from the doc comments by hack/configdoc.
type Documented interface{ ConfigDoc() map[string]string }

// Of returns the keys of the config struct C in the order of its fields. It
// panics if C's tags contradict themselves, which is a mistake in the program.
func Of[C any]() []Key {
	fields := fieldsOf[C]()
	keys := make([]Key, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// Names returns the names of the keys.
func Names(keys []Key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	return names
}

// Find returns the key of that name and whether it is there.
func Find(keys []Key, name string) (Key, bool) {
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return keys[i], true
}

// field is a key and the struct field that receives it.
type field struct {
	key    Key
	index  []int
	typ    reflect.Type // without the pointer of an optional field
	secret bool
	// refused is the message for who sets the key, if nobody may.
	refused string
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	passwordType = reflect.TypeFor[Password]()
	listType     = reflect.TypeFor[[]string]()
)

func fieldsOf[C any]() []field {
	t := reflect.TypeFor[C]()
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("configdef: %s is not a struct", t))
	}
	fields := collect(t, nil)
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.key.Name] {
			panic(fmt.Sprintf("configdef: %s has two fields for %s", t, f.key.Name))
		}
		seen[f.key.Name] = true
	}
	return fields
}

func collect(t reflect.Type, index []int) []field {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		at := append(slices.Clone(index), i)
		name, tagged := sf.Tag.Lookup("config")
		switch {
		case tagged:
			fields = append(fields, newField(t, sf, name, at))
		case sf.Anonymous && sf.Type.Kind() == reflect.Struct:
			fields = append(fields, collect(sf.Type, at)...)
		}
	}
	docs := docsOf(t)
	for i := range fields {
		if doc, ok := docs[fields[i].key.Name]; ok {
			fields[i].key.Doc = doc
		}
	}
	return fields
}

func docsOf(t reflect.Type) map[string]string {
	if d, ok := reflect.TypeAssert[Documented](reflect.Zero(t)); ok {
		return maps.Clone(d.ConfigDoc())
	}
	return nil
}

func newField(t reflect.Type, sf reflect.StructField, name string, index []int) field {
	wrong := func(format string, args ...any) {
		panic(fmt.Sprintf("configdef: %s.%s: %s", t, sf.Name, fmt.Sprintf(format, args...)))
	}
	if name == "" || !sf.IsExported() {
		wrong("a config field is exported and names its key")
	}
	f := field{index: index, typ: sf.Type, key: Key{Name: name, Importance: "MEDIUM"}}
	if f.typ.Kind() == reflect.Pointer {
		f.typ = f.typ.Elem()
	}
	if f.key.Type = typeName(f.typ); f.key.Type == "" {
		wrong("%s is not a type of config", sf.Type)
	}
	f.secret = f.typ == passwordType || sf.Tag.Get("secret") == "true"
	if err := f.readTags(sf); err != nil {
		wrong("%v", err)
	}
	return f
}

// readTags fills the rest of the key and checks that the default is accepted.
func (f *field) readTags(sf reflect.StructField) error {
	k := &f.key
	k.Default, k.HasDefault = sf.Tag.Lookup("default")
	f.refused = sf.Tag.Get("refused")
	optional := sf.Tag.Get("optional") == "true" || f.refused != ""
	if optional && k.HasDefault {
		return fmt.Errorf("a key with a default is optional anyway")
	}
	k.Required = !k.HasDefault && !optional
	if list := sf.Tag.Get("enum"); list != "" {
		k.Enum = strings.Split(list, ",")
	}
	switch imp := sf.Tag.Get("importance"); imp {
	case "":
	case "high", "medium", "low":
		k.Importance = strings.ToUpper(imp)
	default:
		return fmt.Errorf("importance %q is not high, medium or low", imp)
	}
	var err error
	if k.Min, err = bound(sf, "min"); err != nil {
		return err
	}
	if k.Max, err = bound(sf, "max"); err != nil {
		return err
	}
	if k.HasDefault {
		if message := f.set(reflect.New(f.typ).Elem(), k.Default); message != "" {
			return fmt.Errorf("the default is refused: %s", message)
		}
	}
	return nil
}

func bound(sf reflect.StructField, tag string) (*int64, error) {
	text, ok := sf.Tag.Lookup(tag)
	if !ok {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", tag, err)
	}
	return &n, nil
}

// typeName returns ConfigDef's name of the type, or "".
func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "LONG"
	case t == passwordType:
		return "PASSWORD"
	case t == listType:
		return "LIST"
	}
	switch t.Kind() {
	case reflect.String:
		return "STRING"
	case reflect.Int, reflect.Int32:
		return "INT"
	case reflect.Int64:
		return "LONG"
	case reflect.Float64:
		return "DOUBLE"
	case reflect.Bool:
		return "BOOLEAN"
	default:
		return ""
	}
}
