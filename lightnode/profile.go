package lightnode

import (
	"fmt"
	"time"
)

// Profile says how a node goes about its work.
type Profile string

const (
	// ProfileFull follows every block and samples each, back to the window's end.
	ProfileFull Profile = "full"
	// ProfilePhone wakes for seconds, verifies the newest header by skipping to it, and
	// samples the heights that were named and a random few others. It serves nobody.
	ProfilePhone Profile = "phone"
)

// Defaults of the phone profile.
const (
	DefaultPhoneBudget         DataBudget = 50e6
	DefaultWakeEvery                      = 15 * time.Minute
	DefaultPhoneDeadline                  = 12 * time.Second
	DefaultPhoneRequestTimeout            = 4 * time.Second
	DefaultPhoneAlarmAfter                = time.Hour
)

// WakeTime is the longest that a phone is awake at a time.
const WakeTime = 25 * time.Second

// resolveProfile fills in what the profile decides, and checks the settings.
func (c *Config) resolveProfile() error {
	switch c.Profile {
	case "", ProfileFull:
		c.Profile = ProfileFull
	case ProfilePhone:
		if c.Follow != nil {
			return fmt.Errorf("%w: the phone profile follows no namespace: it does not look at every block", ErrConfig)
		}
		c.resolvePhone()
	default:
		return fmt.Errorf("%w: profile %q: want %s or %s", ErrConfig, c.Profile, ProfileFull, ProfilePhone)
	}
	return Settings{Samples: c.Samples, Confidence: c.Confidence, DataBudget: c.DataBudget}.check()
}

// resolvePhone leaves out what costs data whether or not there is anything to learn: to be
// found, and to look for others.
func (c *Config) resolvePhone() {
	c.Listen, c.DHT, c.MDNS = nil, false, false
	if c.DataBudget == 0 {
		c.DataBudget = DefaultPhoneBudget
	}
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&c.Deadline, DefaultPhoneDeadline}, {&c.RequestTimeout, DefaultPhoneRequestTimeout}, {&c.AlarmAfter, DefaultPhoneAlarmAfter},
	} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
}
