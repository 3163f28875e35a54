package api

// Routes are the patterns of all routes.
func Routes() []string {
	list := []string{eventsRoute, backupRoute, compactRoute, searchRoute, avatarRoute, myAvatarRoute}
	for _, r := range routes {
		list = append(list, r.pattern)
	}
	return list
}
