// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// The config struct
//
//	type Config struct {
//		// The topic to write to.
//		Topic string `config:"topic" importance:"high"`
//		// The number of records of a batch.
//		BatchSize int `config:"batch.size" default:"2000" min:"1" importance:"low"`
//		// What to do with deletes.
//		Deletes string `config:"deletes" default:"ignore" enum:"ignore,delete,fail"`
//		// The password; nothing if the server asks for none.
//		Password configdef.Password `config:"password" optional:"true"`
//	}
//
// has one field for each key. A field without a config tag is no key. The tags:
//
//   - config: the key's name.
//   - default: the text of its default. A key without one is required.
//   - optional:"true": the key has no default and may be left out.
//   - importance: high, medium (if not said) or low.
//   - min, max: bounds of a number, or of a duration in milliseconds.
//   - enum: the accepted values, separated by commas. Case does not matter in what
//     users write; the field gets the spelling of the tag.
//   - secret:"true": the value is never shown. A Password always is a secret.
//   - refused: the key is known elsewhere and not supported here; the tag is the
//     message for who sets it. The key may be left out.
//
// The types and how their text is read, which is how Kafka Connect's ConfigDef
// reads it (Java's trim is applied first, but not to a Password):
//
//   - string: STRING.
//   - int, int32: INT, 32 bits. int64: LONG.
//   - time.Duration: LONG, a whole number of milliseconds; more than fits (Kafka
//     users write Long.MAX_VALUE for ever) is the longest Duration.
//   - float64: DOUBLE, finite.
//   - bool: BOOLEAN, true or false in any case.
//   - []string: LIST, separated by commas; empty elements are left out.
//   - Password: PASSWORD.
//   - a pointer to one of them: nil if the key is left out.
//
// An embedded struct adds its keys where it stands. The doc comments of the
// fields come from the method ConfigDoc, which hack/configdoc generates from the
// source (see [Documented]).
package configdef
