package qr

// Versions 1 to 40 at level L (ISO/IEC 18004 table 9): the check words of each
// block, and the number of blocks.
var (
	checkWords = [41]int{0, 7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
		28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30}
	blockCount = [41]int{0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
		8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25}
)

// allWords is how many words the modules of a version hold.
func allWords(v int) int {
	modules := (16*v+128)*v + 64
	if v >= 2 {
		n := v/7 + 2
		modules -= (25*n-10)*n - 55
	}
	if v >= 7 {
		modules -= 36
	}
	return modules / 8
}

func freeWords(v int) int { return allWords(v) - checkWords[v]*blockCount[v] }

// countBits is the length of the count of bytes.
func countBits(v int) int {
	if v < 10 {
		return 8
	}
	return 16
}

// smallest is the smallest version that holds n bytes, 0 if none does.
func smallest(n int) int {
	for v := 1; v <= 40; v++ {
		if 4+countBits(v)+8*n <= 8*freeWords(v) {
			return v
		}
	}
	return 0
}

// dataWords writes mode, count and bytes, and fills up the version.
func dataWords(v int, text string) []byte {
	var w bits
	w.put(4, 4) // byte mode
	w.put(len(text), countBits(v))
	for i := range len(text) {
		w.put(int(text[i]), 8)
	}
	w.put(0, min(4, 8*freeWords(v)-w.n)) // the end
	w.put(0, -w.n&7)
	for fill := 0xEC; len(w.words) < freeWords(v); fill ^= 0xEC ^ 0x11 {
		w.put(fill, 8)
	}
	return w.words
}

type bits struct {
	words []byte
	n     int
}

func (w *bits) put(value, length int) {
	for i := length - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.words = append(w.words, 0)
		}
		w.words[w.n/8] |= byte(value>>i&1) << (7 - w.n%8)
		w.n++
	}
}

// protect parts data into blocks, adds their check words and interleaves them.
func protect(v int, data []byte) []byte {
	n, check := blockCount[v], checkWords[v]
	short, long := len(data)/n, len(data)%n // the last long blocks have a word more
	g := generator(check)
	blocks, checks := make([][]byte, n), make([][]byte, n)
	for i := range blocks {
		size := short
		if i >= n-long {
			size++
		}
		blocks[i], data = data[:size], data[size:]
		checks[i] = remainder(blocks[i], g)
	}
	var out []byte
	for i := range short + 1 {
		for _, b := range blocks {
			if i < len(b) {
				out = append(out, b[i])
			}
		}
	}
	for i := range check {
		for _, c := range checks {
			out = append(out, c[i])
		}
	}
	return out
}

// generator is the product of (x - 2^i) for i < n, without its leading 1,
// highest power first.
func generator(n int) []byte {
	g := make([]byte, n)
	g[n-1] = 1
	root := byte(1)
	for range n {
		for j := range g {
			g[j] = multiply(g[j], root)
			if j+1 < n {
				g[j] ^= g[j+1]
			}
		}
		root = multiply(root, 2)
	}
	return g
}

// remainder divides data, followed by as many zeros as g is long, by g.
func remainder(data, g []byte) []byte {
	r := make([]byte, len(g))
	for _, b := range data {
		factor := b ^ r[0]
		copy(r, r[1:])
		r[len(r)-1] = 0
		for i := range r {
			r[i] ^= multiply(g[i], factor)
		}
	}
	return r
}

// multiply is the product in GF(2^8) modulo x^8+x^4+x^3+x^2+1.
func multiply(a, b byte) byte {
	p := 0
	for i := 7; i >= 0; i-- {
		p = p<<1 ^ (p>>7)*0x11D
		p ^= int(b>>i&1) * int(a)
	}
	return byte(p)
}
