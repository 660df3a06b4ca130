// Package rig is what tests of light nodes stand on: hosts on loopback that run until a test ends, its log, and
// waiting for what they bring about. Headers are of package signed.
package rig
