// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// order is an object of about 1 KB: text, numbers, nested objects and a list.
func order() []byte {
	var b strings.Builder
	b.WriteString(`{"id":1234567890,"customer":"Ada Lovelace","email":"ada@example.org","active":true,"note":null,"total":1234.56,"rate":0.0725`)
	b.WriteString(`,"address":{"street":"12 Long Street","city":"Zürich","zip":"8001","country":"CH"},"tags":["new","gift","priority"],"lines":[`)
	for i := range 6 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":"SKU-%05d","name":"Article number %d of the order","quantity":%d,"price":%d.95}`, i*7919, i, i+1, i*10)
	}
	b.WriteString(`],"created":1700000000123,"description":"A text without any escape that is about as long as such texts are, `)
	b.WriteString(strings.Repeat("and on it goes ", 8))
	b.WriteString(`"}`)
	return []byte(b.String())
}

const orderSchema = `{"type":"struct","fields":[{"type":"int64","field":"id"},{"type":"string","field":"customer"},{"type":"string","field":"email"},` +
	`{"type":"boolean","field":"active"},{"type":"string","optional":true,"field":"note"},{"type":"double","field":"total"},{"type":"double","field":"rate"},` +
	`{"type":"struct","fields":[{"type":"string","field":"street"},{"type":"string","field":"city"},{"type":"string","field":"zip"},{"type":"string","field":"country"}],"field":"address"},` +
	`{"type":"array","items":{"type":"string"},"field":"tags"},{"type":"array","items":{"type":"struct","fields":[{"type":"string","field":"sku"},{"type":"string","field":"name"},` +
	`{"type":"int32","field":"quantity"},{"type":"double","field":"price"}]},"field":"lines"},{"type":"int64","field":"created"},{"type":"string","field":"description"}]}`

// batch is as many records as the arena is used for before it is reset.
const batch = 500

func benchmarkRead(b *testing.B, c *Converter, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var a connect.Arena
	i := 0
	for b.Loop() {
		if i++; i%batch == 0 {
			a.Reset()
		}
		if _, _, err := c.ToConnect(&a, "t", data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	b.Run("schemaless", func(b *testing.B) { benchmarkRead(b, newConverter(b, schemaless), order()) })
	b.Run("envelope", func(b *testing.B) { benchmarkRead(b, newConverter(b, nil), envelope(orderSchema, string(order()))) })
	b.Run("encoding-json", func(b *testing.B) {
		data := order()
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := json.Unmarshal(data, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkWrite(b *testing.B, c *Converter, data []byte) {
	s, v, err := c.ToConnect(new(connect.Arena), "t", data)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	buf := make([]byte, 0, 8<<10)
	for b.Loop() {
		if _, err := c.FromConnect(buf, "t", s, v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	b.Run("schemaless", func(b *testing.B) { benchmarkWrite(b, newConverter(b, schemaless), order()) })
	b.Run("envelope", func(b *testing.B) { benchmarkWrite(b, newConverter(b, nil), envelope(orderSchema, string(order()))) })
	b.Run("encoding-json", func(b *testing.B) {
		data := order()
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestAllocations says that a record costs no allocation of its own.
func TestAllocations(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		data   []byte
	}{
		"schemaless": {schemaless, order()},
		"envelope":   {nil, envelope(orderSchema, string(order()))},
		"escapes":    {schemaless, []byte(`{"a":"x\ny","b":"\u00e9\ud83d\ude00"}`)},
		"many keys":  {schemaless, []byte(`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1}`)},
		"decimals":   {nil, envelope(`{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}}`, "12.5")},
		"pairs":      {nil, envelope(`{"type":"map","keys":{"type":"int32"},"values":{"type":"bytes"}}`, `[[1,"AQI="],[2,"AQI="]]`)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := newConverter(t, tc.change)
			var a connect.Arena
			buf := make([]byte, 0, 8<<10)
			got := testing.AllocsPerRun(20, func() { // a batch
				a.Reset()
				for range batch {
					s, v, err := c.ToConnect(&a, "t", tc.data)
					if err != nil {
						t.Fatal(err)
					}
					if _, err = c.FromConnect(buf, "t", s, v); err != nil {
						t.Fatal(err)
					}
				}
			})
			// The parser may be dropped by its pool, and with the race detector often is.
			if got > batch/20 && !raceEnabled {
				t.Errorf("%v allocations for %d records", got, batch)
			}
		})
	}
}
