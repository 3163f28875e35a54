package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/truce-im/truce/chat/picture"
)

const limit = 64 << 10

// noise is a picture that hardly compresses.
func noise(w, h int) image.Image {
	img, r := image.NewRGBA(image.Rect(0, 0, w, h)), rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(r.Uint32())
	}
	return img
}

func plain(w, h int) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	img.SetGray(w/2, h/2, color.Gray{200})
	return img
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chunk is a chunk of a PNG file.
func chunk(name, data string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(b, name+data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+data)))
}

const place = "taken at home"

// withPlace puts a text after the first chunk of a PNG file.
func withPlace(file []byte) []byte {
	const head = 8 + 25
	return append(append(bytes.Clone(file[:head]), chunk("tEXt", "Comment\x00"+place)...), file[head:]...)
}

// withEXIF puts a segment at the beginning of a JPEG file.
func withEXIF(file []byte) []byte {
	segment := append([]byte{0xff, 0xe1, 0, byte(2 + len(place))}, place...)
	return append(append(bytes.Clone(file[:2]), segment...), file[2:]...)
}

func TestPixelsAlone(t *testing.T) {
	for name, file := range map[string][]byte{
		"PNG":             withPlace(asPNG(t, plain(64, 48))),
		"PNG, largest":    withPlace(asPNG(t, plain(picture.MaxSide, picture.MaxSide))),
		"JPEG":            withEXIF(asJPEG(t, plain(64, 48), 90)),
		"JPEG, made less": withEXIF(asJPEG(t, noise(240, 240), 70)),
	} {
		clean, err := picture.Clean(file, limit)
		if err != nil || len(clean) > limit || bytes.Contains(clean, []byte(place)) || !bytes.Equal(clean[:2], file[:2]) {
			t.Errorf("%s: Clean: %d bytes, %v", name, len(clean), err)
		}
		shown, err := picture.PNG(file)
		if err != nil || bytes.Contains(shown, []byte(place)) {
			t.Errorf("%s: PNG: %d bytes, %v", name, len(shown), err)
		}
		want, _, _ := image.Decode(bytes.NewReader(file))
		got, err := png.Decode(bytes.NewReader(shown))
		if err != nil || got.Bounds() != want.Bounds() {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// header is a PNG file of that size whose pixels are missing: who looks for them
// before the size gets another error.
func header(w, h uint32) []byte {
	data := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", string(data)+"\x08\x06\x00\x00\x00")...)
}

func TestRefused(t *testing.T) {
	whole := asPNG(t, plain(8, 8))
	scans := append(asJPEG(t, plain(8, 8), 90), bytes.Repeat([]byte("\xff\xda"), 100)...)
	for name, tt := range map[string]struct {
		file []byte
		want error // nil: any
	}{
		"nothing":         {nil, picture.ErrFormat},
		"GIF":             {[]byte("GIF89a"), picture.ErrFormat},
		"SVG":             {[]byte("<svg/>"), picture.ErrFormat},
		"wide":            {header(picture.MaxSide+1, 1), picture.ErrSize},
		"high":            {header(1, picture.MaxSide+1), picture.ErrSize},
		"bomb":            {header(1<<31-1, 1<<31-1), nil},
		"JPEG, wide":      {asJPEG(t, plain(picture.MaxSide+1, 8), 50), picture.ErrSize},
		"JPEG, scans":     {scans, picture.ErrSize},
		"JPEG, beginning": {[]byte("\xff\xd8\xff"), nil},
		"torn":            {whole[:len(whole)-20], nil},
		"no pixels":       {header(8, 8), nil},
	} {
		for what, err := range map[string]error{"PNG": second(picture.PNG(tt.file)), "Clean": second(picture.Clean(tt.file, limit))} {
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
	if _, err := picture.Clean(asPNG(t, noise(200, 200)), limit); !errors.Is(err, picture.ErrSize) {
		t.Errorf("over the limit: %v", err)
	}
}

func second[A any](_ A, err error) error { return err }

func FuzzPicture(f *testing.F) {
	f.Add(header(8, 8))
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Fuzz(func(t *testing.T, file []byte) {
		clean, err := picture.Clean(file, limit)
		if err == nil {
			if _, err := picture.PNG(clean); err != nil {
				t.Errorf("what was cleaned cannot be shown: %v", err)
			}
		}
	})
}
