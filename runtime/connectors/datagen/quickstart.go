// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package datagen

import (
	"strconv"
	"strings"

	"penstock.dev/runtime/connect"
)

// quickstart is a kind of record.
type quickstart struct {
	schema *connect.Schema
	// key is the field that is the key unless schema.keyfield says another.
	key string
	// fill makes the values of record number n, whose order is the schema's.
	fill func(a *connect.Arena, r *random, n int64, fields []connect.Value)
}

// quickstartOf returns the named quickstart, or nil. The names of the fields and
// of the schemas are those of kafka-connect-datagen, so that what was built on
// its records also works on these; the values are our own.
func quickstartOf(name string) *quickstart {
	switch name {
	case "orders":
		return &quickstart{ordersSchema(), "orderid", fillOrder}
	case "pageviews":
		return &quickstart{pageviewsSchema(), "viewtime", fillPageview}
	case "users":
		return &quickstart{usersSchema(), "userid", fillUser}
	default:
		return nil
	}
}

func (q *quickstart) fieldNames() string {
	names := make([]string, len(q.schema.Fields))
	for i, f := range q.schema.Fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

func record(name string, fields ...connect.Field) *connect.Schema {
	return &connect.Schema{Type: connect.Struct, Name: "ksql." + name, Fields: fields}
}

func ordersSchema() *connect.Schema {
	return record("orders",
		connect.Field{Name: "ordertime", Schema: connect.Int64Schema},
		connect.Field{Name: "orderid", Schema: connect.Int32Schema},
		connect.Field{Name: "itemid", Schema: connect.StringSchema},
		connect.Field{Name: "orderunits", Schema: connect.Float64Schema},
		connect.Field{Name: "address", Schema: record("address",
			connect.Field{Name: "city", Schema: connect.StringSchema},
			connect.Field{Name: "state", Schema: connect.StringSchema},
			connect.Field{Name: "zipcode", Schema: connect.Int64Schema},
		)},
	)
}

func pageviewsSchema() *connect.Schema {
	return record("pageviews",
		connect.Field{Name: "viewtime", Schema: connect.Int64Schema},
		connect.Field{Name: "userid", Schema: connect.StringSchema},
		connect.Field{Name: "pageid", Schema: connect.StringSchema},
	)
}

func usersSchema() *connect.Schema {
	return record("users",
		connect.Field{Name: "registertime", Schema: connect.Int64Schema},
		connect.Field{Name: "userid", Schema: connect.StringSchema},
		connect.Field{Name: "regionid", Schema: connect.StringSchema},
		connect.Field{Name: "gender", Schema: connect.StringSchema},
	)
}

// Times of the years 2017 and 2018, in milliseconds.
const firstTime, lastTime int64 = 1483228800000, 1546300799999

func fillOrder(a *connect.Arena, r *random, n int64, fields []connect.Value) {
	address := a.Values(3)
	address[0] = numbered(a, "City_", r.between(1, 99))
	address[1] = numbered(a, "State_", r.between(1, 50))
	address[2] = connect.Int64Value(r.between(10000, 99999))
	fields[0] = connect.Int64Value(r.between(firstTime, lastTime))
	fields[1] = connect.Int32Value(int32(n))
	fields[2] = numbered(a, "Item_", r.between(1, 999))
	fields[3] = connect.Float64Value(float64(r.between(1, 100)) / 10)
	fields[4] = connect.StructValue(address)
}

func fillPageview(a *connect.Arena, r *random, n int64, fields []connect.Value) {
	fields[0] = connect.Int64Value(1 + 10*n)
	fields[1] = numbered(a, "User_", r.between(1, 9))
	fields[2] = numbered(a, "Page_", r.between(1, 99))
}

func fillUser(a *connect.Arena, r *random, _ int64, fields []connect.Value) {
	fields[0] = connect.Int64Value(r.between(firstTime, lastTime))
	fields[1] = numbered(a, "User_", r.between(1, 9))
	fields[2] = numbered(a, "Region_", r.between(1, 9))
	switch r.between(1, 3) {
	case 1:
		fields[3] = connect.StringValue("FEMALE")
	case 2:
		fields[3] = connect.StringValue("MALE")
	default:
		fields[3] = connect.StringValue("OTHER")
	}
}

// numbered returns the text of prefix and n.
func numbered(a *connect.Arena, prefix string, n int64) connect.Value {
	text := append(a.Tail(len(prefix)+20), prefix...)
	return connect.StringOf(a.Take(strconv.AppendInt(text, n, 10)))
}
