// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import io.apicurio.registry.utils.converter.avro.AvroData;
import io.apicurio.registry.utils.converter.avro.AvroDataConfig;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;

/**
 * What AvroData makes of a schema and a datum: the Connect schema and the value, in the words of the Go test, and the
 * Avro schema and the binary encoding that it makes of these.
 */
class Mapping {
  static List<String> rows(List<String[]> cases) {
    List<String> rows = new ArrayList<>();
    for (String config : new String[] {"", "connect.meta.data=false", "enhanced.avro.schema.support=true"}) {
      for (String[] c : cases) {
        rows.add(config + "\t" + c[0] + "\t" + row(config, c));
      }
    }
    return rows;
  }

  static String row(String config, String[] c) {
    try {
      Map<String, Object> props = new HashMap<>();
      if (!config.isEmpty()) {
        props.put(config.split("=")[0], config.split("=")[1]);
      }
      AvroData data = new AvroData(new AvroDataConfig(props));
      org.apache.avro.Schema schema = Golden.parse(c[1]);
      Object datum = new GenericDatumReader<>(schema).read(null, DecoderFactory.get().jsonDecoder(schema, c[2]));
      SchemaAndValue read = datum == null
          ? new SchemaAndValue(data.toConnectSchema(schema), null) : data.toConnectData(schema, datum);
      String out = show(read.schema(), new ArrayList<>()) + "\t" + show(read.schema(), read.value());
      if (read.value() == null) {
        return out + "\t" + data.fromConnectSchema(read.schema()) + "\t";
      }
      org.apache.avro.Schema back = data.fromConnectSchema(read.schema());
      Object written = data.fromConnectData(read.schema(), read.value());
      if (written instanceof io.apicurio.registry.serde.avro.NonRecordContainer container) {
        written = container.getValue();
      }
      return out + "\t" + back + "\t" + Golden.binary(back, written);
    } catch (Throwable e) {
      return "error\t" + e.getClass().getSimpleName() + "\t" + String.valueOf(e.getMessage()).replaceAll("\\s", " ") + "\t";
    }
  }

  static String show(Schema s, List<String> in) {
    if (s == null) {
      return "none";
    }
    StringBuilder b = new StringBuilder(switch (s.type()) {
      case FLOAT32 -> "float";
      case FLOAT64 -> "double";
      default -> s.type().getName();
    });
    b.append(s.isOptional() ? "?" : "");
    b.append(s.name() != null ? " " + s.name() : "");
    b.append(s.version() != null ? " v" + s.version() : "");
    b.append(s.doc() != null ? " \"" + s.doc() + "\"" : "");
    if (s.parameters() != null) {
      s.parameters().forEach((k, v) -> b.append(" " + k + "=" + v));
    }
    if (s.defaultValue() != null) {
      b.append(" default " + show(s, s.defaultValue()));
    }
    if (s.type() == Schema.Type.STRUCT && s.name() != null && in.contains(s.name())) {
      return b + "{…}";
    }
    List<String> inner = new ArrayList<>(in);
    inner.add(s.name() == null ? "" : s.name());
    return switch (s.type()) {
      case ARRAY -> b + "[" + show(s.valueSchema(), inner) + "]";
      case MAP -> b + "[" + show(s.keySchema(), inner) + ": " + show(s.valueSchema(), inner) + "]";
      case STRUCT -> b + s.fields().stream().map(f -> f.name() + " " + show(f.schema(), inner))
          .collect(Collectors.joining(", ", "{", "}"));
      default -> b.toString();
    };
  }

  static String show(Schema s, Object v) {
    if (v == null) {
      return "null";
    } else if (v instanceof String) {
      return "\"" + v + "\"";
    } else if (v instanceof java.math.BigDecimal d) {
      return HexFormat.of().formatHex(Decimal.fromLogical(s, d));
    } else if (v instanceof java.util.Date d) {
      return String.valueOf(s.name().endsWith("Date") ? d.getTime() / 86400000 : d.getTime());
    } else if (v instanceof byte[] a) {
      return HexFormat.of().formatHex(a);
    } else if (v instanceof ByteBuffer buffer) {
      byte[] a = new byte[buffer.remaining()];
      buffer.duplicate().get(a);
      return HexFormat.of().formatHex(a);
    } else if (v instanceof Struct struct) {
      List<String> parts = new ArrayList<>();
      for (Field f : struct.schema().fields()) {
        parts.add(show(f.schema(), struct.getWithoutDefault(f.name())));
      }
      return "(" + String.join(" ", parts) + ")";
    } else if (v instanceof Collection<?> items) {
      return items.stream().map(i -> show(s == null ? null : s.valueSchema(), i)).collect(Collectors.joining(" ", "[", "]"));
    } else if (v instanceof Map<?, ?> map) {
      return map.entrySet().stream().map(e -> show(s == null ? null : s.keySchema(), e.getKey()) + ":"
          + show(s == null ? null : s.valueSchema(), e.getValue())).sorted().collect(Collectors.joining(" ", "{", "}"));
    } else if (v instanceof Number n && n.doubleValue() == Math.rint(n.doubleValue()) && Math.abs(n.doubleValue()) < 1e15) {
      return String.valueOf(n.longValue());
    }
    return String.valueOf(v).replace(".0E", "e+"); // as Go writes it
  }
}
