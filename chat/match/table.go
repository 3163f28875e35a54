package match

import "unicode"

// ignored is what is not compared at all: marks that stand on letters in Latin,
// Greek, Cyrillic, Hebrew and Arabic, soft hyphens, and what chooses between two
// looks of the same sign.
var ignored = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00AD, 0x00AD, 1}, {0x0300, 0x036F, 1}, {0x0483, 0x0487, 1}, {0x0591, 0x05BD, 1}, {0x05BF, 0x05BF, 1},
		{0x05C1, 0x05C2, 1}, {0x05C4, 0x05C5, 1}, {0x05C7, 0x05C7, 1}, {0x0610, 0x061A, 1}, {0x0640, 0x0640, 1},
		{0x064B, 0x065F, 1}, {0x0670, 0x0670, 1}, {0x1AB0, 0x1ACE, 1}, {0x1DC0, 0x1DFF, 1}, {0x20D0, 0x20F0, 1},
		{0xFE00, 0xFE0F, 1}, {0xFE20, 0xFE2F, 1},
	},
	LatinOffset: 1,
}

// marked has the small letters that are others with marks (Unicode 16, canonical
// decompositions), or that people type as others, by what they are compared as.
var marked = map[string]string{
	"a":  "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặⱥ",
	"ae": "æǣǽ",
	"b":  "ḃḅḇ",
	"c":  "çćĉċčḉ",
	"d":  "ďḋḍḏḑḓđ",
	"e":  "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ",
	"f":  "ḟ",
	"g":  "ĝğġģǧǵḡ",
	"h":  "ĥȟḣḥḧḩḫẖħ",
	"i":  "ìíîïĩīĭįİǐȉȋḭḯỉịı",
	"j":  "ĵǰ",
	"k":  "ķǩḱḳḵ",
	"l":  "ĺļľḷḹḻḽł",
	"m":  "ḿṁṃ",
	"n":  "ñńņňǹṅṇṉṋ",
	"o":  "òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợøǿ",
	"oe": "œ",
	"p":  "ṕṗ",
	"r":  "ŕŗřȑȓṙṛṝṟ",
	"s":  "śŝşšșṡṣṥṧṩ",
	"ss": "ß",
	"t":  "ţťțṫṭṯṱẗŧⱦ",
	"u":  "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự",
	"v":  "ṽṿ",
	"w":  "ŵẁẃẅẇẉẘ",
	"x":  "ẋẍ",
	"y":  "ýÿŷȳẏẙỳỵỷỹ",
	"z":  "źżžẑẓẕ",
	"ʒ":  "ǯ",
	"α":  "άἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ",
	"ε":  "έἐἑἒἓἔἕὲέ",
	"η":  "ήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ",
	"ι":  "ΐίϊἰἱἲἳἴἵἶἷὶίῐῑῒΐῖῗ",
	"ο":  "όὀὁὂὃὄὅὸό",
	"ρ":  "ῤῥ",
	"υ":  "ΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ",
	"ω":  "ώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ",
	"ϒ":  "ϓϔ",
	"а":  "ӑӓ",
	"г":  "ѓ",
	"е":  "ѐёӗ",
	"ж":  "ӂӝ",
	"з":  "ӟ",
	"и":  "йѝӣӥ",
	"к":  "ќ",
	"о":  "ӧ",
	"у":  "ўӯӱӳ",
	"ч":  "ӵ",
	"ы":  "ӹ",
	"э":  "ӭ",
	"і":  "ї",
	"ѵ":  "ѷ",
	"ә":  "ӛ",
	"ө":  "ӫ",
	"ا":  "آأإ",
	"و":  "ؤ",
	"ي":  "ئ",
	"ہ":  "ۂ",
	"ے":  "ۓ",
	"ە":  "ۀ",
}

// letters has what each letter of marked is compared as.
var letters = func() map[rune]string {
	m := map[rune]string{}
	for plain, list := range marked {
		for _, r := range list {
			m[r] = plain
		}
	}
	return m
}()
