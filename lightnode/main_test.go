package lightnode

import (
	goflag "flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// TestMain runs several tests to a processor: most of their time they wait, for deadlines and for peers. What
// -parallel says holds, and under the race detector, where they compute, one to a processor is enough.
func TestMain(m *testing.M) {
	goflag.Parse()
	said := raceEnabled
	goflag.Visit(func(f *goflag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		if err := goflag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
