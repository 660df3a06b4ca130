package main

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a number of bytes as a flag: 4096, 64KiB, 512MiB, 2GiB.
type size int64

// String implements pflag.Value.
func (s *size) String() string {
	for shift, unit := range map[int]string{30: "GiB", 20: "MiB", 10: "KiB"} {
		if *s > 0 && *s>>shift<<shift == *s && *s>>shift < 1<<10 {
			return strconv.FormatInt(int64(*s>>shift), 10) + unit
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set implements pflag.Value.
func (s *size) Set(text string) error {
	digits, shift := text, 0
	for unit, by := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if rest, found := strings.CutSuffix(text, unit); found {
			digits, shift = rest, by
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > 1<<50>>shift {
		return fmt.Errorf("%q is no size: want bytes, or a number and KiB, MiB or GiB, such as 512MiB", text)
	}
	*s = size(n << shift)
	return nil
}

// Type implements pflag.Value.
func (s *size) Type() string { return "size" }
