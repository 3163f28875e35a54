package slash

import (
	"cmp"
	"strings"

	"github.com/truce-im/truce/node/api/client"
)

func status(c *call) error {
	if c.args == "" {
		s, err := c.api.Status(c.ctx)
		if err == nil {
			c.say("you are %s", strings.TrimSuffix(s.Presence+": "+s.Status, ": "))
		}
		return err
	}
	state, text, _ := strings.Cut(c.args, " ")
	s, err := c.api.SetStatus(c.ctx, client.Status{Presence: state, Status: strings.TrimSpace(text)})
	if err == nil {
		c.say("you are %s", strings.TrimSuffix(s.Presence+": "+s.Status, ": "))
	}
	return err
}

func config(c *call) error {
	name, value, given := strings.Cut(c.args, " ")
	switch {
	case given:
		s, err := c.api.SetSetting(c.ctx, name, strings.TrimSpace(value))
		if err == nil {
			c.say("%s is now %s", s.Name, s.Value)
		}
		return err
	case name != "":
		s, err := c.api.Setting(c.ctx, name)
		if err == nil {
			c.say("%s is %s", s.Name, cmp.Or(s.Value, "not set"))
		}
		return err
	}
	if c.opens(PageSettings) {
		return nil
	}
	list, err := c.api.Settings(c.ctx)
	for _, s := range list {
		c.say("  %-14s %s", s.Name, s.Value)
	}
	return err
}

func health(c *call) error {
	if c.opens(PageHealth) {
		return nil
	}
	list, err := c.api.Doctor(c.ctx)
	for _, x := range list {
		sign := "ok "
		if !x.OK {
			sign = "NOT"
		}
		c.say("  %s %-10s %s", sign, x.Check, x.Detail)
		if x.Hint != "" {
			c.say("      %s", Hint(x.Hint))
		}
	}
	return err
}

func help(c *call) error {
	c.out.Show = PageHelp
	c.say("What you type goes to the person you talk to. Besides that:")
	for _, cmd := range table {
		c.say("  /%-26s %s", strings.TrimSpace(cmd.Name+" "+cmd.Args), cmd.Help)
	}
	return nil
}

func profile(c *call) error {
	account, _, err := c.who()
	if err != nil {
		return err
	}
	x, err := c.api.Contact(c.ctx, account)
	if err != nil {
		return err
	}
	p, err := c.api.Profile(c.ctx, account)
	if err != nil {
		return err
	}
	c.say("%s  %s", x.Name, account)
	for _, line := range []string{p.Name, p.About, x.Memo} {
		if line != "" {
			c.say("  %s", line)
		}
	}
	return nil
}

func memo(c *call) error {
	account, text, err := c.who()
	if err != nil {
		return err
	}
	x, err := c.api.SetMemo(c.ctx, account, text)
	if err == nil {
		c.say("noted about %s: %s", x.Name, cmp.Or(x.Memo, "nothing"))
	}
	return err
}

func group(c *call) error {
	account, rest, err := c.who()
	if err != nil {
		return err
	}
	x, err := c.api.Contact(c.ctx, account)
	switch names := strings.Fields(rest); {
	case err != nil:
		return err
	case rest == "-":
		x, err = c.api.SetGroups(c.ctx, account, nil)
	case len(names) > 0:
		x, err = c.api.SetGroups(c.ctx, account, names)
	}
	if err == nil {
		c.out.Changed = rest != ""
		c.say("%s is in: %s", x.Name, cmp.Or(strings.Join(x.Groups, ", "), "no group"))
	}
	return err
}

func presence(c *call) error {
	account, grade, err := c.who()
	if err != nil {
		return err
	}
	x, err := c.api.SetShown(c.ctx, account, grade)
	if err == nil {
		c.say("%s sees of you: %s", x.Name, x.Shown)
	}
	return err
}

func tell(c *call) error {
	account, on, err := c.who()
	if err != nil {
		return err
	}
	if on != "on" && on != "off" {
		return usage("say on or off: /tell NAME on")
	}
	x, err := c.api.SetTell(c.ctx, account, on == "on")
	if err == nil {
		c.say("you are told when %s comes: %s", x.Name, on)
	}
	return err
}

func hide(c *call) error {
	account, on, err := c.who()
	if err != nil {
		return err
	}
	if on != "on" && on != "off" {
		return usage("say on or off: /hide NAME on")
	}
	x, err := c.api.SetHidden(c.ctx, account, on == "on")
	if err == nil {
		c.say("where you are is hidden from %s: %s", x.Name, on)
	}
	return err
}
