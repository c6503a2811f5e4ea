// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.bench;

import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.List;
import java.util.zip.CRC32;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;

/** The records of P5, the same as those of the Go package customers, and what is counted of them. */
final class Customers {
    static final Schema SCHEMA = SchemaBuilder.struct().name("dev.penstock.bench.Customer")
        .field("id", Schema.INT64_SCHEMA)
        .field("created", Timestamp.SCHEMA)
        .field("name", Schema.STRING_SCHEMA)
        .field("email", Schema.STRING_SCHEMA)
        .field("city", Schema.STRING_SCHEMA)
        .field("amount", Schema.FLOAT64_SCHEMA)
        .field("rate", Schema.FLOAT32_SCHEMA)
        .field("visits", Schema.INT32_SCHEMA)
        .field("active", Schema.BOOLEAN_SCHEMA)
        .field("level", Schema.OPTIONAL_STRING_SCHEMA)
        .field("score", Schema.OPTIONAL_INT64_SCHEMA)
        .field("tags", SchemaBuilder.array(Schema.STRING_SCHEMA).build())
        .field("note", Schema.STRING_SCHEMA)
        .build();

    private static final long CREATED = 1_700_000_000_000L;
    private static final int PEOPLE = 10007;
    private static final int TAGS = 64;
    private static final int TEXT_SIZE = 1 << 20;
    private static final int NOTE_SIZE = 926;

    private final Field[] fields = SCHEMA.fields().toArray(new Field[0]);
    private final String[] names = new String[PEOPLE];
    private final String[] emails = new String[PEOPLE];
    private final String[] tags = new String[TAGS];
    private final String[] cities = {"Amsterdam", "Bern", "Cairo", "Delhi", "Edinburgh", "Florence", "Geneva", "Hanoi"};
    private final String[] levels = {null, "basic", "silver", "gold"};
    private final String text;

    Customers() {
        for (int i = 0; i < PEOPLE; i++) {
            names[i] = "customer-" + i;
            emails[i] = "c" + i + "@example.org";
        }
        for (int i = 0; i < TAGS; i++) {
            tags[i] = "tag-" + i;
        }
        byte[] letters = new byte[TEXT_SIZE];
        long x = 1;
        for (int i = 0; i < TEXT_SIZE; i++) {
            x = x * 6364136223846793005L + 1442695040888963407L;
            long k = (x >>> 33) % 32;
            letters[i] = (byte) (k < 26 ? 'a' + k : ' ');
        }
        text = new String(letters, StandardCharsets.ISO_8859_1);
    }

    /** The record of a number. */
    Struct record(long i) {
        int at = (int) (i * 7919 % (TEXT_SIZE - NOTE_SIZE));
        return new Struct(SCHEMA)
            .put(fields[0], i)
            .put(fields[1], new Date(CREATED + i))
            .put(fields[2], names[(int) (i % PEOPLE)])
            .put(fields[3], emails[(int) (i % PEOPLE)])
            .put(fields[4], cities[(int) (i % 8)])
            .put(fields[5], 1000 + i % 9000 + 0.25)
            .put(fields[6], (float) (i % 64) / 64)
            .put(fields[7], (int) (i % 1000))
            .put(fields[8], i % 3 == 0)
            .put(fields[9], levels[(int) (i % 4)])
            .put(fields[10], i % 5 == 0 ? null : Long.valueOf(31 * i))
            .put(fields[11], List.of(tags[(int) (i % 7)], tags[(int) (i % 11)], tags[(int) (i % TAGS)]))
            .put(fields[12], text.substring(at, at + NOTE_SIZE));
    }

    /** Counts records as the Go package customers does: how many, a sum of all fields, the bytes of all texts. */
    static final class Count {
        private final CRC32 crc = new CRC32();
        long records;
        long sum;
        long bytes;

        void add(Struct record) {
            long h = 0;
            for (Field f : record.schema().fields()) {
                h = fold(h, record.getWithoutDefault(f.name()));
            }
            records++;
            sum += mix(h);
        }

        private long fold(long h, Object v) {
            h *= 31;
            if (v == null) {
                return h + 7;
            }
            if (v instanceof String) {
                byte[] b = ((String) v).getBytes(StandardCharsets.UTF_8);
                crc.reset();
                crc.update(b, 0, b.length);
                bytes += b.length;
                return h + crc.getValue() + ((long) b.length << 32);
            }
            if (v instanceof Double || v instanceof Float) {
                return h + Double.doubleToRawLongBits(((Number) v).doubleValue());
            }
            if (v instanceof Number) {
                return h + ((Number) v).longValue();
            }
            if (v instanceof Boolean) {
                return h + ((Boolean) v ? 1 : 0);
            }
            if (v instanceof Date) {
                return h + ((Date) v).getTime();
            }
            if (v instanceof List) {
                for (Object item : (List<?>) v) {
                    h = fold(h, item);
                }
                return h;
            }
            throw new IllegalArgumentException("a field is " + v.getClass());
        }

        private static long mix(long h) {
            h ^= h >>> 33;
            h *= 0xff51afd7ed558ccdL;
            h ^= h >>> 33;
            h *= 0xc4ceb9fe1a85ec53L;
            return h ^ h >>> 33;
        }
    }
}
