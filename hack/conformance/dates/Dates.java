// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TimeZone;

/**
 * Writes what java.text.SimpleDateFormat does, in UTC and the locale en, one case a line: the kind, the pattern, the
 * input and the output, separated by tabs. A seed and a number of random cases may follow the file's name.
 *
 *     java hack/conformance/dates/Dates.java runtime/javadate/testdata/golden.tsv
 */
public class Dates {
    /** Where the hundred years of two-digit years begin: 1945-03-04T05:06:07.089Z. */
    static final Date CENTURY = new Date(-783370432911L);

    static PrintStream out;
    static Random random;

    static final String[] PATTERNS = {
        "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "yyyy-MM-dd'T'HH:mm:ss.SSSX", "yyyy-MM-dd'T'HH:mm:ssXXX", "yyyy-MM-dd'T'HH:mm:ssXX",
        "yyyyMMdd", "yyyyMMddHHmmss", "yyyyMMddHHmmssSSS", "yyMMdd", "yyMMddHHmm", "yy/M/d", "y-M-d", "yyy.MMM.ddd", "MM/dd/yyyy hh:mm:ss a", "MM/dd/yyyy K:mm a", "dd/MMM/yyyy:kk:mm:ss Z",
        "EEE, dd MMM yyyy HH:mm:ss zzz", "EEEE, MMMM d, yyyy", "EEE MMM dd HH:mm:ss zzz yyyy", "yyyy.MM.dd G 'at' HH:mm:ss z", "YYYY-'W'ww-u", "YYYY-'W'ww-EEE", "YY-ww", "YYYYwwu", "yyyy-DDD", "yyyyDDD",
        "yyyy-MM-W-EEE", "yyyy-MM-W-u", "yyyy-MM-F-EEE", "yyyy-MM-F", "yyyy-MM-W", "yyyy-ww", "yyyy-ww-u", "yyyy EEE", "MMM yyyy", "LLL yyyy", "LLLL yyyy", "L/d/yy", "LLdd", "HH:mm", "HHmm", "h a", "hh 'o''clock' a, zzzz",
        "K:mm a, z", "kk", "SSS", "S", "s.S", "ss.SSSSSS", "G y", "GGGG yyyyy", "y G", "yyyyy.MMMMM.dd GGG hh:mm aaa", "''yyyy''", "'quoted text' yyyy", "yyyy年MM月dd日", "yyyy-MM-dd ü", "  yyyy", "d", "D", "F", "u", "w", "W", "E", "EEEEE",
        "a", "aaaa", "z", "zzzz", "Z", "ZZZZ", "X", "XX", "XXX", "yyyyMMMdd", "ddMMMyy", "HHmmssZ", "HHmmssX", "MMddEEE", "yyyyMMdd'T'HHmmss'Z'", "dEEEM", "yyyyGMM", "hhmmaa", "Hmm", "dMy", "yyyyyyMMdd", "M", "MMMM", "MMMMM",
        "YYYY-MM-dd", "yyyy-YYYY-ww-u", "YYYY-yyyy-ww-u", "YYYY G ww", "DDD ww yyyy u", "ww DDD yyyy u", "dd F W w D u E yyyy MM", "hh HH a", "HH hh a", "HH a", "a HH", "K a H", "yyyy MM dd ww", "yyyy ww MM dd", "yyyy W MM EEE dd", "yyyy-MM-dd z Z X", "dddddddddddd", "'", "''",
        "yyyy-MM-dd'T", "b", "yyyy-mm-dd B", "VV", "O", "x", "e", "c", "Q", "XXXX", "yyyy-MM-ddT", "i", "p", "n", "N", "A", "I", "1", "-", "YYYY'", "''''", "'a''b'yy", "yy''''MM", "#{yyyy}", "y'y'y", "M'0'M",
    };

    static final long[] INSTANTS = {
        0, 1, -1, 999, 1000, 1234567890123L, 1700000000123L, 1732456789012L, 951782400000L, 951868799999L, 4107542400000L, 253402300799999L, 253402300800000L, -2208988800000L, -12219292800000L, -12219292800001L,
        -12219379200000L, -12220156800000L, -12219206400000L, -12212553600000L, -12188102400000L, -12244089600000L, -62135596800000L, -62135596800001L, -62135769600000L, -62167219200000L, -62198755200000L, -62230377600000L,
        -62262000000000L, -77000000000000L, -210866803200000L, 1704067199999L, 1704067200000L, 1735516800000L, 1735603200000L, 1735689599000L, 1230768000000L, 1262303999999L, 946684799999L, 978307199999L, -783370432911L,
        Long.MAX_VALUE, Long.MIN_VALUE, 9223372036854775000L / 1000 * 999, 43200000L, 43199999L, 86399999L, -11676096000000L, 32503680000000L,
    };

    /** Patterns, and texts that are read with each. */
    static final String[][] TEXTS = {
        {"yyyy-MM-dd", "2024-01-02", "2024-1-2", "2024-02-30", "2024-13-01", "2024-00-00", "2024--1-05", "2024-01--5", "-5-01-01", "0-01-01", "00000-01-01", " 2024-01-02", "2024 -01-02", "2024- 01-02", "2024-\t01-02", "2024-01-02 trailing",
            "2024-01-02x", "2024-01-", "2024-01", "", " ", "x", "24-01-02", "1E3-01-02", "2E0-01-02", "1E-1-01-01", "20E2-1-1", "1E99-01-01", "1E999999999999-1-1", "1E2147483647-1-1", "∞-01-01", "-∞-01-01", "NaN-01-01", "2024-01-NaN", "2147483647-01-01", "2147483648-01-01",
            "-2147483648-01-01", "99999999999-01-01", "99999999999999999999-01-01", "9223372036854775807-01-01", "9223372036854775808-01-01", "-9223372036854775808-1-1", "٢٠٢٤-٠١-٠٢", "２０２４-０１-０２", "2024-999999-01", "2024-01-999999", "2024-2147483647-2147483647", "2024-01-2147483648", "1582-10-04", "1582-10-05", "1582-10-10", "1582-10-14", "1582-10-15", "1582-10-31", "1581-22-10",
            "1500-02-29", "1900-02-29", "2000-02-29", "-10000-01-01", "-9999999-01-01", "292278994-08-17", "292278995-01-01", "5000000-01-01", "+2024-01-01", "2,024-01-01", "2.5-01-01", "2024-01-02.5", "0x10-01-01", "−5-01-01", "1E+2-01-01", "12345678901234567890E-17-01-01", "1234567890123E-2-01-01", "10000000000000000000000E-20-1-1"},
        {"yy-MM-dd", "45-03-04", "45-03-05", "45-03-03", "44-12-31", "46-01-01", "00-01-01", "99-01-01", "5-01-01", "005-01-01", "145-01-01", "-5-01-01", " 45-03-04", "٤٥-03-04", "2E1-01-01", "45-01-400"},
        {"y-MM-dd", "45-03-04", "5-01-01", "2024-01-01"}, {"yyy-MM-dd", "45-03-04", "2024-01-01"}, {"YY ww", "45 09", "45 10", "45 11", "99 1", "1 1"}, {"yyMMdd", "450304", "450303", "4503", "45034", "4 0304", "20240102"},
        {"yyyyMMdd", "20240102", "2024012", "202412", "  240102", "-2240102", "20240102999", "2E240102", "20 40102"}, {"MMM d yyyy", "Jan 1 2024", "jan 1 2024", "JANUARY 1 2024", "Sept 1 2024", "Sep 1 2024", "Mayo 1 2024", "May 1 2024", " Jan 1 2024", "Janu 1 2024", "ſep 1 2024", "Jan 1 24"},
        {"MMMM", "March", "Mar", "Marc", "3", ""}, {"LLLL", "March", "Mar"}, {"MM", "March", "3", "13", "-1", "0"}, {"EEE d", "Mon 1", "monday 1", "Tues 2", "Sun 3", "sunday3", "Sunday 3"}, {"EEE", "Mon", "Sat", "Sunday", "Mo"}, {"E yyyy", "Mon 2024", "Sun 2024"},
        {"h:mm a", "1:00 AM", "12:00 AM", "12:00 PM", "0:00 PM", "13:00 PM", "1:00 pm", "1:00 p", "1:00  PM", "1:00 a.m.", "-1:00 AM", "24:00 PM"}, {"H:mm", "24:00", "25:61", "-1:-1", "1: 5", "999999999:00", "00:00"}, {"k:mm", "24:00", "0:00", "25:00", "1:00"}, {"K:mm a", "0:00 AM", "11:59 PM", "12:00 PM"},
        {"HH:mm:ss.SSS", "01:02:03.4", "01:02:03.400", "01:02:03.400000", "01:02:03.2147483647", "01:02:03.", "1:2:3.-1"}, {"SSSSSS", "123456", "1"}, {"SSSss", "123456", "12345"}, {"G y", "AD 5", "BC 5", "bc 5", "BCE 5", "CE 5", "Anno Domini 5", "Before Christ 5", "Before Current Era 5", "AD -5", "BC -5", "BC 0", "AD 0", "B 5", "A 5"}, {"y G", "5 AD", "5 BC", "-5 BC"},
        {"z", "UTC", "utc", "GMT", "gmt", "GMT+1:30", "GMT+01:30", "GMT-10:00", "GMT+24:00", "GMT+1", "GMT+0130", "UTC+1", "+0130", "-0130", "+01:30", "+013", "+2400", "+0160", "UT", "Z", "Coordinated Universal Time", "coordinated universal time", "", " ", "?", "123", " UTC", " +0100", "GMTx", "UTCx"},
        {"Z", "UTC", "GMT", "+0130", "-0130", "+01:30", "Z", "+01", "GMT+1:30"}, {"X", "Z", "z", "+01", "-01", "+0130", "+1", "+24", "-23", "01", "", " +01", " Z", "+-1"}, {"XX", "Z", "+0130", "+01", "+01:30", "+0160", "-0130"}, {"XXX", "Z", "+01:30", "+0130", "+1:30", "-01:30", "+01:3", "+01"},
        {"yyyy-MM-dd'T'HH:mm:ss.SSSX", "2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678+02", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05.678Z", "2024-01-02T03:04:05.678"}, {"yyyy-MM-dd HH:mm:ss Z", "2024-01-02 03:04:05 +0530", "2024-01-02 03:04:05 -1100", "1500-01-02 03:04:05 -1100"},
        {"YYYY-ww-u", "2024-01-1", "2024-01-7", "2024-01-8", "2024-01-0", "2024-01--6", "2024-53-1", "2024-0-1", "2024-100-1", "2024-01-100", "0-1-1", "-5-1-1", "1582-40-1", "1582-42-3", "1583-01-1", "1-01-1", "2024-01-15", "2024-01--15", "2024-1000000000-1", "2024-01-2147483647"}, {"YYYY-ww", "2024-01", "2024-52", "2020-53", "1582-41"},
        {"YYYY", "2024", "0", "-1", "1582", "1"}, {"YYYY u", "2024 1", "2024 9"}, {"YYYY G", "5 BC", "5 AD", "2024 BC"}, {"YYYY-MM-dd", "2024-06-15", "2024-12-31"}, {"ww-YYYY", "10-2024"}, {"YYYY-ww-u HH:mm Z", "2024-10-3 04:05 +0600"}, {"yyyy YYYY", "2020 2021"}, {"YYYY yyyy", "2020 2021"},
        {"yyyy-DDD", "2024-001", "2024-366", "2023-366", "2024-0", "2024--1", "2024-1000", "1582-278", "1582-288", "1582-277", "1582-355"}, {"yyyy-ww", "2024-1", "2024-53", "2024-0", "2024-2147483647", "1582-41", "1582-42", "1582-43"}, {"yyyy-ww-u", "2024-1-1", "2024-1-7", "2024-1-9", "2024-1-0", "1582-41-5", "2024-1--9"}, {"yyyy-MM-W", "2024-03-2", "2024-03-0", "2024-03--1", "2024-03-2147483647", "1582-10-2", "1582-10-3"},
        {"yyyy-MM-W-u", "2024-03-2-1", "2024-03-2-7", "2024-03-2-8", "2024-03-2-0", "1582-10-3-2"}, {"yyyy-MM-F-u", "2024-03-2-1", "2024-03-5-7", "2024-03--1-5", "2024-03--2-5", "2024-03-0-3", "2024-02--1-4", "1900-02--1-4", "2024-03-2147483647-1", "2024-03--2147483648-1", "1582-10-2-1", "1582-10-3-1", "1582-10--1-1"},
        {"yyyy-MM-F", "2024-03-2", "2024-03--1"}, {"yyyy-MM EEE", "2024-03 Tue", "2024-03 Sun"}, {"yyyy-MM u", "2024-03 2", "2024-03 9"}, {"MM", "5"}, {"dd", "5"}, {"a", "PM", "AM"}, {"K", "5", "17"}, {"h", "5", "12"}, {"''yyyy''", "'2024'", "2024"}, {"yyyy'T'", "2024T", "2024"}, {"yyyy年", "2024年", "2024 年"}, {"yyyy ü", "2024 ü", "2024 Ü"}, {"", "", "x"}, {"'x'", "x", "y"},
        {"yyyyMMMdd", "2024Jan05", "20241Jan5"}, {"ddMMMyy", "05Jan24"}, {"dM", "112", "11 2", "1 12"}, {"HHmmssZ", "010203+0100"}, {"MMddEEE", "0102Mon"}, {"yyyyyMM", "0202401"}, {"MMM", "Feb", "2"}, {"MMMdd", "Feb05"}, {"dMMMM", "5May"}, {"dMM", "511", "5011", "0511"}, {"dE", "5Mon", "05Mon", "105Mon"}, {"da", "5PM", "123PM"}, {"dX", "5Z", "123Z"}, {"dG", "12345AD"}, {"Hz", "1UTC", "12345UTC"},
        {"HH a hh", "10 PM 03", "10 AM 11"}, {"hh a HH", "03 PM 10"}, {"a HH", "PM 10"}, {"hh HH a", "03 10 PM"}, {"dd DDD yyyy", "05 100 2024"}, {"DDD dd yyyy", "100 05 2024"}, {"ww dd yyyy", "10 05 2024"}, {"W w u yyyy", "3 20 4 2024"}, {"w W u yyyy", "20 3 4 2024"}, {"F W u yyyy MM", "2 4 3 2024 05"}, {"W F u yyyy MM", "4 2 3 2024 05"}, {"F w u yyyy", "2 10 3 2024"}, {"u yyyy", "3 2024"}, {"u dd", "3 20"}, {"yyyy ww W", "2024 10 3"}, {"W F", "3 2"}, {"F W", "2 3"}, {"F E", "2 Tue"},
    };

    static SimpleDateFormat format(String pattern) {
        SimpleDateFormat f = new SimpleDateFormat(pattern, Locale.ENGLISH);
        f.setTimeZone(TimeZone.getTimeZone("UTC"));
        f.set2DigitYearStart(CENTURY);
        return f;
    }

    static void line(String... parts) { out.print(String.join("\t", parts).replace("\n", "\\n") + "\n"); }

    static void compile(String pattern) {
        try {
            format(pattern);
            line("compile", pattern, "ok");
        } catch (IllegalArgumentException e) {
            line("compile", pattern, "error");
        }
    }

    static void write(String pattern, long millis) {
        line("format", pattern, Long.toString(millis), format(pattern).format(new Date(millis)));
    }

    static void read(String pattern, String text) {
        String result;
        try {
            result = Long.toString(format(pattern).parse(text).getTime());
        } catch (ParseException e) {
            result = "error";
        }
        line("parse", escape(pattern), escape(text), result);
    }

    static String escape(String s) { return s.replace("\\", "\\\\").replace("\t", "\\t"); }

    static boolean good(String pattern) {
        try {
            format(pattern);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static <T> T any(T[] list) { return list[random.nextInt(list.length)]; }

    static final String[] PIECES = {
        "y", "yy", "yyy", "yyyy", "Y", "YY", "YYYY", "M", "MM", "MMM", "MMMM", "L", "LL", "LLL", "d", "dd", "ddd", "D", "DDD", "w", "ww", "W", "F", "u", "E", "EEEE", "a", "G", "H", "HH", "k", "kk", "K", "h", "hh", "m", "mm", "s", "ss", "S", "SSS", "SSSSSS", "Z", "X", "XX", "XXX", "z",
    };
    static final String[] BETWEEN = {"", "", "-", "-", "/", ":", " ", " ", ".", "'T'", "''", "'of'", ","};

    static String randomPattern() {
        StringBuilder b = new StringBuilder(random.nextInt(3) == 0 ? "" : any(new String[] {"yyyy-", "yyyyMM", "YYYY-ww-", "yy", "yyyy MM dd "}));
        for (int n = 1 + random.nextInt(6); n > 0; n--) b.append(any(PIECES)).append(any(BETWEEN));
        return b.toString();
    }

    static long randomInstant() {
        switch (random.nextInt(6)) {
            case 0: return random.nextLong();
            case 1: return random.nextLong() % 100_000_000_000_000L;
            case 2: return -12219292800000L + random.nextLong() % 40_000_000_000L;
            case 3: return -62135596800000L + random.nextLong() % 200_000_000_000L;
            default: return random.nextLong() % 4_000_000_000_000L;
        }
    }

    static String mutated(String text) {
        StringBuilder b = new StringBuilder(text);
        for (int n = random.nextInt(3); n > 0; n--) {
            int at = random.nextInt(b.length() + 1);
            switch (random.nextInt(5)) {
                case 0: b.insert(at, any(new String[] {" ", "-", "0", "9", "E", "+", "1", "00", "\t", "x", "７"})); break;
                case 1: if (at < b.length()) b.deleteCharAt(at); break;
                case 2: if (at < b.length()) b.setCharAt(at, (char) ('0' + random.nextInt(10))); break;
                case 3: b.setLength(at); break;
                default: b.insert(at, random.nextInt(100000)); break;
            }
        }
        return b.toString();
    }

    public static void main(String[] args) throws Exception {
        out = new PrintStream(args[0], StandardCharsets.UTF_8);
        random = new Random(args.length > 1 ? Long.parseLong(args[1]) : 42);
        int cases = args.length > 2 ? Integer.parseInt(args[2]) : 2000;
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        List<String> patterns = new ArrayList<>();
        for (String p : PATTERNS) {
            compile(p);
            if (good(p)) patterns.add(p);
        }
        for (int i = 0; i < patterns.size(); i++)
            for (int j = 0; j < INSTANTS.length; j++) if ((i + j) % 4 == 0 || patterns.get(i).length() <= 4) write(patterns.get(i), INSTANTS[j]);
        for (String[] list : TEXTS) for (int i = 1; i < list.length; i++) read(list[0], list[i]);
        for (int i = 0; i < cases; i++) {
            String p = random.nextInt(3) == 0 ? any(patterns.toArray(new String[0])) : randomPattern();
            if (!good(p)) {
                compile(p);
                continue;
            }
            long t = randomInstant();
            write(p, t);
            read(p, mutated(format(p).format(new Date(t))));
        }
        out.close();
    }
}
