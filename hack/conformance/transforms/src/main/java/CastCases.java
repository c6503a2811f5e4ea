// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every type to every type, as a whole value, as a field, and as the default of one. */
class CastCases {
    static final List<String> TARGETS = List.of("int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string");

    static final String[] TEXTS = {"", " ", "0", "-0", "+5", "-5", "5 ", " 5", "127", "128", "-128", "-129", "255", "32767", "32768", "-32769", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "007", "1.0", "1.5", "-1.5", ".5", "5.", ".", "1e3", "1E+3", "1e-3", "1e", "1e400", "-1e400", "1e-400", "1f", "1.5F", "1.5d", "1.5D", "1fd", "f", "NaN", "-NaN", "nan", "Infinity", "-Infinity", "+Infinity",
        "infinity", "Inf", "0x10", "0x1p3", "0x1.8p1f", "0X.8P1", "0x1.p1", "0xp1", "-0x1p-2", "0x1_0p1", "1_000", "1,5", "true", "TRUE", "True", " true", "false", "yes", "1l", "١٢٣", "１２", "--5", "+-5", "+", "-", "3.4028235e38", "3.4028236e38",
        "1.4e-45", "0.7e-45", "16777217", "9007199254740993", "1.7976931348623157e308", "ünï", "null"};

    /** Floats are not read from JSON, which has no text for all of them. */
    static final String[] FLOATS = {"0.0", "-0.0", "0.5", "-0.5", "0.9999", "1.5", "-1.5", "127.9", "128.0", "-128.9", "300.25", "-300.25", "40000.5", "2147483520", "2147483647", "2147483648", "-2147483648", "-2147483649", "3.0E9", "-3.0E9", "1.0E10", "1.0E20",
        "-1.0E20", "0.1", "1.0E-5", "123456789.125", "1.0E38", "1.0E39", "-1.0E39", "1.0E-40", "1.0E-50", "9007199254740992", "9223372036854775000", "9223372036854775807", "-9223372036854775808", "-9223372036854776000", "1.17549435E-38",
        "3.4028235E38", "3.4028236E38", "1.6777216E7", "NaN", "Infinity", "-Infinity"};

    static Map<String, List<String>> values() {
        Map<String, List<String>> m = new LinkedHashMap<>();
        m.put(FieldCases.type("int8", ""), List.of("0", "1", "-1", "127", "-128"));
        m.put(FieldCases.type("int16", ""), List.of("0", "1", "-1", "127", "128", "255", "256", "32767", "-32768"));
        m.put(FieldCases.type("int32", ""), List.of("0", "-1", "128", "32768", "65536", "16777217", "2147483647", "-2147483648"));
        m.put(FieldCases.type("int64", ""), List.of("0", "-1", "128", "2147483648", "4294967296", "16777217", "9007199254740993", "9223372036854775807", "-9223372036854775808"));
        m.put(FieldCases.type("float", ""), List.of("0.0", "0.5", "-1.5", "128.0", "300.25", "40000.5", "1.0E10", "0.1"));
        m.put(FieldCases.type("double", ""), List.of("0.0", "-0.0", "0.5", "-1.5", "128.0", "300.25", "1.0E10", "1.0E20", "0.1"));
        m.put(FieldCases.type("boolean", ""), List.of("true", "false"));
        List<String> texts = new ArrayList<>();
        for (String t : TEXTS) texts.add("\"" + t + "\"");
        m.put(FieldCases.type("string", ""), texts);
        m.put(FieldCases.type("bytes", ""), List.of("\"\"", "\"AQI=\"", "\"/////w==\""));
        m.put(FieldCases.logical("int32", "Date", ""), List.of("0", "1", "-1", "19000", "-19000", "2932896", "2932897"));
        m.put(FieldCases.logical("int32", "Time", ""), List.of("0", "1", "3600000", "86399999", "86400000"));
        m.put(FieldCases.logical("int64", "Timestamp", ""), List.of("0", "1", "-1", "86399999", "86400000", "86400001", "1700000000123", "1641600000000", "-1700000000123", "253402300800000"));
        for (int scale : List.of(0, 2, -2, 30)) {
            List<String> decimals = new ArrayList<>();
            for (String n : List.of("0", "1", "-1", "99", "-99", "100", "150", "-250", "12345", "3000000000", "-30000000000", "922337203685477580700", "-123456789012345678901234567890", "1234567890123456789012345678901234567890"))
                decimals.add("\"" + Base64.getEncoder().encodeToString(new BigDecimal(n).unscaledValue().toByteArray()) + "\"");
            m.put(FieldCases.decimal(scale, ""), decimals);
        }
        m.put("{\"type\":\"int64\",\"name\":\"own\",\"version\":3,\"doc\":\"d\",\"parameters\":{\"k\":\"v\"}}", List.of("5"));
        m.put("{\"type\":\"array\",\"items\":{\"type\":\"int32\"}}", List.of("[1]"));
        m.put("{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":{\"type\":\"int32\"}}", List.of("{\"a\":1}"));
        return m;
    }

    static void all() throws Exception {
        for (Map.Entry<String, List<String>> e : values().entrySet()) {
            String schema = e.getKey(), optional = schema.substring(0, schema.length() - 1) + FieldCases.OPTIONAL;
            boolean logical = schema.contains("org.apache");
            int n = 0;
            for (String value : e.getValue()) {
                for (String to : TARGETS) {
                    if (!logical || n < 2) FieldGolden.apply("Cast$Value", Map.of("spec", to), true, FieldCases.envelope(schema, value));
                    if (logical || n < 4) FieldGolden.apply("Cast$Value", Map.of("spec", "f:" + to), true, FieldCases.envelope(FieldCases.struct("", FieldCases.named(schema, "f")), "{\"f\":" + value + "}"));
                }
                n++;
            }
            for (String value : e.getValue().subList(0, Math.min(2, e.getValue().size())))
                for (String to : TARGETS) {
                    String d = optional + ",\"default\":" + value + "}";
                    for (String nulls : FieldCases.NULLS)
                        FieldGolden.apply("Cast$Value", FieldCases.config("spec", "f:" + to, "replace.null.with.default", nulls), true, FieldCases.envelope(FieldCases.struct("", FieldCases.named(d, "f")), "{\"f\":null}"));
                    FieldGolden.apply("Cast$Value", Map.of("spec", to), true, FieldCases.envelope(d, value));
                    FieldGolden.apply("Cast$Value", Map.of("spec", to), true, FieldCases.envelope(optional + "}", "null"));
                }
        }
        List<String> plain = new ArrayList<>(List.of("null", "true", "false", "0", "-1", "127", "128", "32768", "2147483648", "9223372036854775807", "0.5", "-1.5", "127.9", "300.25", "1.0E10", "1.0E20", "-1.0E20", "1.0E39", "0.1", "[]", "[1]", "{}", "{\"a\":1}"));
        for (String t : TEXTS) plain.add("\"" + t + "\"");
        for (String value : plain)
            for (String to : TARGETS) {
                FieldGolden.apply("Cast$Value", Map.of("spec", to), false, value);
                FieldGolden.apply("Cast$Value", Map.of("spec", "f:" + to), false, "{\"f\":" + value + "}");
            }
        for (String text : FLOATS)
            for (String to : TARGETS) {
                FieldGolden.cast("float", text, Float.parseFloat(text), to);
                FieldGolden.cast("double", text, Double.parseDouble(text), to);
            }
    }
}
