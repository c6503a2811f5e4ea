// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"math/big"
	"strconv"
	"testing"
)

// FuzzDecimal compares with fractions of big numbers.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"", "0", "-0", "+7", "1.50", ".5", "5.", ".", "1e3", "-1E-2", "1e400", "18446744073709551617", "١٢", "1_0", "0x1", "1e99999999999"} {
		f.Add(text, 2)
	}
	f.Fuzz(func(t *testing.T, text string, scale int) {
		d, ok := parseDecimal(text)
		if !ok {
			return
		}
		if _, err := strconv.ParseFloat(asciiDigits(text), 64); err != nil && d.float() > -1e308 && d.float() < 1e308 {
			t.Fatalf("%q is taken for a number: %v", text, err)
		}
		if d.scale > 400 || d.scale < -400 || len(text) > 400 {
			return
		}
		want, ok := new(big.Rat).SetString(asciiDigits(text))
		if !ok {
			t.Fatalf("%q is taken for a number", text)
		}
		whole := new(big.Int).Quo(want.Num(), want.Denom())
		if got := d.int64(); got != lowest(whole) {
			t.Fatalf("%q: whole part %d, want that of %s", text, got, whole)
		}
		if got, exact := want.Float64(); d.float() != got {
			t.Fatalf("%q: %v, want %v, exact %t", text, d.float(), got, exact)
		}
		scale %= 400
		if n, ok := d.atScale(scale); ok {
			back := new(big.Rat).SetInt(n)
			if scale >= 0 {
				back.Quo(back, new(big.Rat).SetInt(tenTo(int64(scale))))
			} else {
				back.Mul(back, new(big.Rat).SetInt(tenTo(int64(-scale))))
			}
			if back.Cmp(want) != 0 {
				t.Fatalf("%q at scale %d is %s", text, scale, n)
			}
			if again := unscaledOf(twosComplement(n)); again.Cmp(n) != 0 {
				t.Fatalf("%s is kept as %s", n, again)
			}
			if b := twosComplement(n); wholePart(b, scale) != (decimalNumber{unscaled: n, scale: int64(scale)}).int64() {
				t.Fatalf("%s at scale %d: whole part %d", n, scale, wholePart(b, scale))
			}
		}
	})
}

// Digits of other scripts, as Java's Character.digit has them.
func TestDigits(t *testing.T) {
	for text, want := range map[string]string{"": "", "12": "12", "٠١٢٣٤٥٦٧٨٩": "0123456789", "१९": "19", "０９": "09", "-᠐": "-0", "x²": "x²", "𝟎": "𝟎", "᧚": "᧚", "᪀᪙᪐": "090"} {
		if got := asciiDigits(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
