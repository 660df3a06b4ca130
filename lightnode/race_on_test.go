//go:build race

package lightnode

const raceEnabled = true
