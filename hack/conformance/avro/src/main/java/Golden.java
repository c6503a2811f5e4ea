// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonEncoder;

/**
 * In the folder that is the argument, writes golden.tsv of cases.tsv (name, schema, datum in Avro's JSON): name, the
 * schema as the library prints it, the datum in its binary encoding. And read.tsv of ours.tsv (name, schema, binary):
 * name, the datum in Avro's JSON. And avrodata.tsv of cases.tsv, see Mapping.
 */
public class Golden {
  public static void main(String[] args) throws Exception {
    Path dir = Path.of(args[0]);
    List<String> golden = new ArrayList<>();
    for (String[] c : rows(dir.resolve("cases.tsv"))) {
      Schema schema = parse(c[1]);
      Object datum = new GenericDatumReader<>(schema).read(null, DecoderFactory.get().jsonDecoder(schema, c[2]));
      golden.add(c[0] + "\t" + schema + "\t" + binary(schema, datum));
    }
    Files.write(dir.resolve("golden.tsv"), golden);
    List<String> read = new ArrayList<>();
    for (String[] c : rows(dir.resolve("ours.tsv"))) {
      read.add(c[0] + "\t" + read(parse(c[1]), HexFormat.of().parseHex(c[2])));
    }
    Files.write(dir.resolve("read.tsv"), read);
    Files.write(dir.resolve("avrodata.tsv"), Mapping.rows(rows(dir.resolve("cases.tsv"))));
  }

  static List<String[]> rows(Path file) throws Exception {
    List<String[]> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      if (!line.isEmpty() && !line.startsWith("#")) {
        rows.add(line.split("\t", -1));
      }
    }
    return rows;
  }

  static Schema parse(String text) {
    return new Schema.Parser().parse(text);
  }

  static String binary(Schema schema, Object datum) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    new GenericDatumWriter<>(schema).write(datum, encoder);
    encoder.flush();
    return HexFormat.of().formatHex(out.toByteArray());
  }

  static String read(Schema schema, byte[] data) throws Exception {
    BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(data, null);
    Object datum = new GenericDatumReader<>(schema).read(null, decoder);
    if (!decoder.isEnd()) {
      throw new IllegalStateException("bytes follow the value");
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JsonEncoder encoder = EncoderFactory.get().jsonEncoder(schema, out);
    new GenericDatumWriter<>(schema).write(datum, encoder);
    encoder.flush();
    return out.toString(StandardCharsets.UTF_8);
  }
}
