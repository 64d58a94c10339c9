package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
)

// tweak is what a fault does to the paging of one call.
type tweak struct {
	empty bool // The page has no items, though others follow.
	shift int  // Items before this page went away (1) or were added (-1) since the page before.
}

func badParam(name, value string) *Answer {
	return &Answer{Code: "InvalidParameter." + name,
		Message: fmt.Sprintf("The specified value %q of parameter %s is not valid.", value, name)}
}

func numberParam(c *Call, name string, def, min, max int) (int, *Answer) {
	text := c.Params[name]
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < min || n > max {
		return 0, badParam(name, text)
	}
	return n, nil
}

// cut bounds a page, after what a fault says about it.
func (c *Call) cut(first, size, total int) (int, int) {
	if first > 0 {
		first += c.tweak.shift
	}
	last := first + size
	if last > total {
		last = total
	}
	if first > last {
		first = last
	}
	if c.tweak.empty {
		last = first
	}
	return first, last
}

const pageNumberMax = 1 << 30

// pageByNumber cuts page `numberName` of `sizeName` items. Both may be absent.
func pageByNumber(c *Call, total int, numberName, sizeName string, def, max int) (first, last, number, size int, bad *Answer) {
	if number, bad = numberParam(c, numberName, 1, 1, pageNumberMax); bad != nil {
		return
	}
	if size, bad = numberParam(c, sizeName, def, 1, max); bad != nil {
		return
	}
	first, last = c.cut((number-1)*size, size, total)
	return
}

// Tokens say where the next page begins and which one it is, and are of use in one list alone.
func (c *Call) tokenCheck() uint32 {
	h := hashText(c.Account.Seed, c.Action.Product)
	h = hashText(h, c.Action.Name)
	return uint32(hashText(h, c.Region))
}

func (c *Call) token(offset, page int) string {
	var raw [15]byte
	binary.BigEndian.PutUint64(raw[:], mix(uint64(offset)<<20|uint64(page&0xfffff)))
	binary.BigEndian.PutUint32(raw[8:], c.tokenCheck()^uint32(offset))
	raw[12], raw[13], raw[14] = 'p', 'g', 'e'
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func (c *Call) readToken(text string) (offset, page int, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 15 || string(raw[12:]) != "pge" {
		return 0, 0, false
	}
	number := unmix(binary.BigEndian.Uint64(raw))
	offset, page = int(number>>20), int(number&0xfffff)
	return offset, page, binary.BigEndian.Uint32(raw[8:]) == c.tokenCheck()^uint32(offset)
}

// pageByToken cuts the page that `tokenName` begins; next is "" after the last one.
func pageByToken(c *Call, total int, tokenName, sizeName string, def, max int) (first, last int, next string, bad *Answer) {
	size, bad := numberParam(c, sizeName, def, 1, max)
	if bad != nil {
		return
	}
	offset, page := 0, 1
	if text := c.Params[tokenName]; text != "" {
		var ok bool
		if offset, page, ok = c.readToken(text); !ok || offset > total {
			return 0, 0, "", badParam(tokenName, text)
		}
	}
	first, last = c.cut(offset, size, total)
	if c.tweak.empty {
		next = c.token(offset, page+1)
	} else if last < total {
		next = c.token(last, page+1)
	}
	return
}
