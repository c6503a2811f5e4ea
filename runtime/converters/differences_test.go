// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package converters_test

import (
	"regexp"
	"testing"
)

// difference is where we mean to differ from Java.
type difference struct {
	why   string
	input *regexp.Regexp
	java  *regexp.Regexp
	ours  *regexp.Regexp
	used  int
}

func differ(why, input, java, ours string) *difference {
	return &difference{why, regexp.MustCompile(input), regexp.MustCompile(java), regexp.MustCompile(ours), 0}
}

func differences() []*difference {
	return []*difference{
		differ("an integer beyond 64 bits is cut to its low bits", `^-?\d{19,}$`, `INT64`, `^error:number -?\d+(\.\.\.)? does not fit INT64; send it`),
		differ("an integer beyond its type is cut to its low bits", `"int\d+".*"payload":[-\d]+}$`, `^INT`, `^error:number -?\d+ does not fit INT\d+; send it`),
		differ("the fraction of an integer is cut off", `"int\d+".*"payload":(1\.5|1e300)}$`, `^INT`, `^error:number 1(\.5|e300) is no INT\d+$`),
		differ("what is no number is 0", `"(int\d+|float|double)".*"payload":("AQI|""|true|\[\]|{"a":5})`, `^(INT|FLOAT)\d+\((optional;)?\)\t(INT|FLOAT)\d+:0$`, `^error:Invalid type for (INT|FLOAT)\d+, but found (STRING|BOOLEAN|ARRAY|OBJECT)$`),
		differ("what is no number is 0", `"int\d+".*"payload":"(NaN|-Infinity)"}$`, `:0$`, `^error:Invalid type for INT\d+, but found STRING$`),
		differ("what is no boolean is false", `"boolean".*"payload":[^tn]`, `BOOLEAN:false$`, `^error:Invalid type for BOOLEAN, but found (STRING|NUMBER|ARRAY)$`),
		differ("what is no text or bytes is null, even if that is not allowed", `"(string|bytes)".*"payload":[^"n]`, `\tnull$`, `^error:Invalid type for (STRING|BYTES), but found (BOOLEAN|NUMBER|ARRAY|OBJECT)$`),
		differ("what is no array is an empty one", `"array".*"payload":({}|"x")}$`, `\t\[\]$`, `^error:Invalid type for ARRAY, but found (OBJECT|STRING)$`),
		differ("what is written for NaN and infinity is read as 0", `"float|double".*"payload":"(NaN|-Infinity)"}$`, `:0$`, `^FLOAT(32|64)\(\)\tFLOAT(32:7fc00000|32:ff800000|64:7ff8000000000000|64:7ff8000000000001|64:fff0000000000000)$`),
		differ("the sign of -0.0 is lost", `^-0\.0$`, `FLOAT64:0$`, `^none\tFLOAT64:8000000000000000$`),
		differ("what follows the value is ignored", `^({"a":1}( {"b":2}|x)|1 2|hex:7b2261223a317d00)$`, `^none\t({"a"=)?INT64:1}?$`, `after the JSON value, where nothing may follow at byte \d+$`),
		differ("half a surrogate pair is kept", `\\u(d800|dc00)`, `\\ud[8c]00`, `^none\t"(\\ufffd)+x?"$`),
		differ("overlong UTF-8 and beyond Unicode is read", `^hex:22(c080|f4908080)22$`, `^none`, `^error:.*text is not valid UTF-8 at byte 1$`),
		differ("UTF-32 is found out", `^hex:feff0031$`, `^none\tINT64:1$`, `^error:.*at byte 0$`),
		differ("a decimal of more digits than its schema has is kept", `data\.Decimal.*12\.345}$`, `beyond the scale`, `^error:number 12\.345 has more decimals than the Decimal schema's scale 2$`),
		differ("a decimal without scale is a null pointer", `data\.Decimal","version":1},`, `^error:Cannot invoke`, `^error:Invalid Decimal schema: scale parameter not found\.$`),
		differ("a wrong scale is told as wrong bytes", `"scale":"x"`, `Invalid bytes for Decimal`, `^error:Invalid scale parameter found in Decimal schema: "x"$`),
		differ("the default of a struct is refused", `"type":"struct","fields":\[{"type":"int8","field":"a"}\],"optional":true,"default"`, `^error:Invalid default value$`, `^STRUCT\(optional;default=Struct\(INT8:1\);\)`),
		differ("null as a map's key schema has another text", `"keys":null`, `keySchema cannot be null`, `^error:Map schema did not specify the key type$`),
	}
}

// differs reports whether we mean to differ here.
func differs(known []*difference, input, java, ours string) bool {
	for _, d := range known {
		if d.input.MatchString(input) && d.java.MatchString(java) && d.ours.MatchString(ours) {
			d.used++
			return true
		}
	}
	return false
}

func unused(t *testing.T, known []*difference) {
	t.Helper()
	for _, d := range known {
		if d.used == 0 {
			t.Errorf("nothing shows that in Java %s", d.why)
		}
	}
}

// writeDifferences are cases, by their names, that are written in another way.
func writeDifferences() []*difference {
	return []*difference{
		differ("a map whose keys have no schema is a null pointer", `^bare map( empty)?$`, `^error:Cannot invoke`, `({}|\[\[1,"a"\],\["b",2\]\])}?$`),
	}
}

// rewriteDifferences are inputs whose reading differs, and with it what is
// written.
func rewriteDifferences() []*difference {
	return []*difference{
		differ("the sign of -0.0 is lost", `^-0\.0$`, `0\.0`, `-0\.0`),
		differ("what is written for NaN and infinity is read as 0", `"(float|double)"},"payload":"(NaN|-Infinity)"`, `0\.0`, `NaN|-Infinity`),
		differ("half a surrogate pair is kept", `\\u(d800|dc00)`, `\\uD[8C]00|^\?`, `efbfbd`),
		differ("a JDK before 19 writes more digits than it takes", `"float"},"payload":2147483648`, `2\.14748365E9`, `2\.1474836E9`),
		differ("a decimal has the scale of its number and not of its schema", `data\.Decimal.*"payload":[-\d.eE]+}$`, `mismatching scale`, `"(payload":")?[A-Za-z0-9+/]+=*"}?$`),
		differ("a decimal has the scale of its number and not of its schema", `data\.Decimal.*"payload":[-\d.eE]+}$`, `(^|"payload":)-?[\d.E+-]+}?$`, `(^|"payload":)-?[\d.]+(E\+\d+)?}?$`),
	}
}
