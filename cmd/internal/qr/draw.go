package qr

// draw makes the code of a version and mask.
func draw(v int, words []byte, mask int) *Code {
	size := 17 + 4*v
	c := &Code{Size: size, dark: make([]bool, size*size), used: make([]bool, size*size)}
	for i := range size { // timing
		c.set(6, i, i%2 == 0)
		c.set(i, 6, i%2 == 0)
	}
	c.finder(3, 3)
	c.finder(size-4, 3)
	c.finder(3, size-4)
	c.alignments(v)
	c.format(mask)
	c.version(v)
	c.place(words)
	c.mask(mask)
	return c
}

func (c *Code) set(x, y int, dark bool) {
	if x >= 0 && y >= 0 && x < c.Size && y < c.Size {
		c.dark[y*c.Size+x], c.used[y*c.Size+x] = dark, true
	}
}

// rings draws concentric squares around a module, dark where the distance from
// it is one of those named.
func (c *Code) rings(x, y, radius int, dark func(distance int) bool) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			c.set(x+dx, y+dy, dark(max(dx, -dx, dy, -dy)))
		}
	}
}

func (c *Code) finder(x, y int) {
	c.rings(x, y, 4, func(d int) bool { return d != 2 && d != 4 })
}

func (c *Code) alignments(v int) {
	if v == 1 {
		return
	}
	n := v/7 + 2
	step := (8*v + 3*n + 5) / (4*n - 4) * 2
	at := func(i int) int {
		if i == 0 {
			return 6
		}
		return c.Size - 7 - (n-1-i)*step
	}
	for i := range n {
		for j := range n {
			if i == 0 && (j == 0 || j == n-1) || i == n-1 && j == 0 {
				continue // a finder is there
			}
			c.rings(at(i), at(j), 2, func(d int) bool { return d != 1 })
		}
	}
}

// format writes level L and the mask, twice, with ten check bits.
func (c *Code) format(mask int) {
	value := 1<<3 | mask
	value = (value<<10 | check(value, 10, 0x537)) ^ 0x5412
	for i := range 15 {
		dark := value>>i&1 == 1
		switch {
		case i < 6:
			c.set(8, i, dark)
		case i < 8:
			c.set(8, i+1, dark)
		case i == 8:
			c.set(7, 8, dark)
		default:
			c.set(14-i, 8, dark)
		}
		if i < 8 {
			c.set(c.Size-1-i, 8, dark)
		} else {
			c.set(8, c.Size-15+i, dark)
		}
	}
	c.set(8, c.Size-8, true)
}

// version writes the version, twice, with twelve check bits.
func (c *Code) version(v int) {
	if v < 7 {
		return
	}
	value := v<<12 | check(v, 12, 0x1F25)
	for i := range 18 {
		a, b := c.Size-11+i%3, i/3
		c.set(a, b, value>>i&1 == 1)
		c.set(b, a, value>>i&1 == 1)
	}
}

// check is the remainder of value, shifted by n bits, divided by poly.
func check(value, n, poly int) int {
	for range n {
		value = value<<1 ^ (value>>(n-1))*poly
	}
	return value & (1<<n - 1)
}

// place lays the words in pairs of columns, from the right, up and down.
func (c *Code) place(words []byte) {
	i := 0
	for right := c.Size - 1; right > 0; right -= 2 {
		if right == 6 {
			right = 5 // the timing column
		}
		for step := range c.Size {
			y := step
			if (right+1)&2 == 0 {
				y = c.Size - 1 - step
			}
			for _, x := range []int{right, right - 1} {
				if at := y*c.Size + x; !c.used[at] && i < 8*len(words) {
					c.dark[at] = words[i/8]>>(7-i%8)&1 == 1
					i++
				}
			}
		}
	}
}

// mask turns over the data modules for which the mask's condition holds.
func (c *Code) mask(mask int) {
	for y := range c.Size {
		for x := range c.Size {
			if at := y*c.Size + x; !c.used[at] && masked(mask, x, y) {
				c.dark[at] = !c.dark[at]
			}
		}
	}
}

func masked(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (x/3+y/2)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}

// penalty rates what makes a code hard to read (ISO/IEC 18004 §7.8.3): runs,
// squares, what looks like a finder, and an uneven share of dark modules.
func (c *Code) penalty() int {
	total, dark := 0, 0
	for i := range c.Size {
		total += c.linePenalty(func(j int) bool { return c.Dark(j, i) })
		total += c.linePenalty(func(j int) bool { return c.Dark(i, j) })
	}
	for y := range c.Size {
		for x := range c.Size {
			d := c.Dark(x, y)
			if d {
				dark++
			}
			if x+1 < c.Size && y+1 < c.Size && d == c.Dark(x+1, y) && d == c.Dark(x, y+1) && d == c.Dark(x+1, y+1) {
				total += 3
			}
		}
	}
	percent := 100 * dark / (c.Size * c.Size)
	return total + max(percent-50, 50-percent)/5*10
}

func (c *Code) linePenalty(dark func(int) bool) (total int) {
	run, seen := 0, 0 // modules alike in a row; the last eleven as bits
	for j := range c.Size {
		if j > 0 && dark(j) == dark(j-1) {
			run++
		} else {
			run = 1
		}
		switch {
		case run == 5:
			total += 3
		case run > 5:
			total++
		}
		seen = seen << 1 & 0x7FF
		if dark(j) {
			seen |= 1
		}
		if j >= 10 && (seen == 0b10111010000 || seen == 0b00001011101) {
			total += 40
		}
	}
	return total
}
