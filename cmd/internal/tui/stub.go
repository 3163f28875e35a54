package tui

import tea "charm.land/bubbletea/v2"

type suggestion struct{ code, emoji string }

func complete(word string) []suggestion                   { return nil }
func suggestions(word string) []string                    { return nil }
func expand(text string) string                           { return text }
func (m *model) completeCommand(text string) []completion { return nil }
func (m *model) command(text string) tea.Cmd              { return nil }
