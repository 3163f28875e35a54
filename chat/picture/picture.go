// Package picture reads small pictures that strangers may have made. Nothing of a
// file is decoded before its format and its size in pixels are known to be
// bearable: at the worst a picture takes some 16 MiB and a tenth of a second. All functions are
// safe for concurrent use; whoever reads what others sent bounds how many run at a
// time.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

// MaxSide is how many pixels wide and high a picture may be.
const MaxSide = 1024

// maxScans is how many scans a JPEG file may have: progressive ones have about ten,
// and each goes over all pixels again.
const maxScans = 64

// Errors of a file that is none of ours.
var (
	ErrSize   = errors.New("the picture is too large")
	ErrFormat = errors.New("the file is neither PNG nor JPEG")
)

// PNG turns a PNG or JPEG file into a PNG file that holds its pixels and nothing
// else. Errors: ErrSize, ErrFormat, or that of a damaged file.
func PNG(file []byte) ([]byte, error) {
	_, img, err := decode(file)
	if err != nil {
		return nil, err
	}
	return encodePNG(img)
}

// Clean returns a file of at most limit bytes and of the same format that holds
// the pixels of file and nothing else: cameras write into a JPEG file where it was
// taken. Errors: as of PNG; ErrSize also if the limit cannot be kept.
func Clean(file []byte, limit int) ([]byte, error) {
	if len(file) > limit {
		return nil, ErrSize
	}
	format, img, err := decode(file)
	if err != nil {
		return nil, err
	}
	if format == formatPNG {
		clean, err := encodePNG(img)
		if err == nil && len(clean) > limit {
			err = ErrSize
		}
		return clean, err
	}
	for quality := 95; quality > 50; quality -= 10 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
			return nil, err
		}
		if b.Len() <= limit {
			return b.Bytes(), nil
		}
	}
	return nil, ErrSize
}

type format int

const (
	formatPNG format = iota
	formatJPEG
)

func decode(file []byte) (f format, img image.Image, err error) {
	config, full := png.DecodeConfig, png.Decode
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		f, config, full = formatJPEG, jpeg.DecodeConfig, jpeg.Decode
		if bytes.Count(file, []byte("\xff\xda")) > maxScans {
			return f, nil, ErrSize
		}
	default:
		return f, nil, ErrFormat
	}
	c, err := config(bytes.NewReader(file))
	if err != nil {
		return f, nil, fmt.Errorf("the picture is damaged: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > MaxSide || c.Height > MaxSide {
		return f, nil, ErrSize
	}
	if img, err = full(bytes.NewReader(file)); err != nil {
		return f, nil, fmt.Errorf("the picture is damaged: %w", err)
	}
	return f, img, nil
}

func encodePNG(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, img)
	return b.Bytes(), err
}
