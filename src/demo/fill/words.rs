//! The words of the demo: names, titles and texts in the scripts of the world. The order of the
//! lists is part of the demo, because rows pick by number. Any given name goes with any family
//! name of its culture, so family names that tell men from women are left out.

mod asian;
mod eastern;
mod latin;

/// A country with its language and what people and books are called in it.
#[derive(Debug)]
pub(super) struct Culture {
    /// ISO 3166-1 alpha-2.
    pub(super) country: &'static str,
    /// BCP 47.
    pub(super) language: &'static str,
    /// How a full name is put together.
    pub(super) order: NameOrder,
    /// Given names, each in its own script and in Latin letters.
    pub(super) given: &'static [(&'static str, &'static str)],
    /// Family names, each in its own script and in Latin letters.
    pub(super) family: &'static [(&'static str, &'static str)],
    /// Towns with a postcode of theirs, empty where there are none.
    pub(super) cities: &'static [(&'static str, &'static str)],
    /// Streets; `#` is where the number goes.
    pub(super) streets: &'static [&'static str],
    /// Titles of books.
    pub(super) titles: &'static [&'static str],
    /// What stands below a title.
    pub(super) subtitles: &'static [&'static str],
    /// Sentences about books, for descriptions.
    pub(super) blurbs: &'static [&'static str],
    /// What a reader says in a few words.
    pub(super) verdicts: &'static [&'static str],
    /// Sentences of readers.
    pub(super) opinions: &'static [&'static str],
}

/// How a full name is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameOrder {
    /// Ada Lovelace.
    GivenFirst,
    /// Natsume Soseki.
    FamilyFirst,
    /// As above, without a blank between.
    FamilyFirstJoined,
}

impl Culture {
    /// The name as its bearer writes it.
    pub(super) fn full_name(&self, given: &str, family: &str) -> String {
        match self.order {
            NameOrder::GivenFirst => format!("{given} {family}"),
            NameOrder::FamilyFirst => format!("{family} {given}"),
            NameOrder::FamilyFirstJoined => format!("{family}{given}"),
        }
    }
}

/// Every culture of the demo. The first ones come up most often.
pub(super) const CULTURES: [&Culture; 14] = [
    &latin::ENGLISH,
    &latin::FRENCH,
    &latin::GERMAN,
    &latin::POLISH,
    &latin::SPANISH,
    &eastern::UKRAINIAN,
    &eastern::RUSSIAN,
    &eastern::GREEK,
    &asian::JAPANESE,
    &asian::CHINESE,
    &asian::KOREAN,
    &asian::HINDI,
    &eastern::ARABIC,
    &eastern::HEBREW,
];

/// Houses that bring books out, with their town, where it is known.
pub(super) const PUBLISHERS: [(&str, Option<&str>); 30] = [
    ("Harbour & Vale", Some("London")),
    ("Éditions du Bout du Quai", Some("Saint-Malo")),
    ("Verlag Grüner Bär", Some("Berlin")),
    ("Wydawnictwo Żółta Łódź", Some("Łódź")),
    ("Ediciones Ñandú", Some("Zaragoza")),
    ("Видавництво «Підзорна труба»", Some("Одеса")),
    ("Издательство «Белый парус»", Some("Санкт-Петербург")),
    ("Εκδόσεις Αιολική Γη", Some("Μυτιλήνη")),
    ("دار المنارة", Some("الإسكندرية")),
    ("הוצאת חוף שקט", Some("חיפה")),
    ("白鷺書房", Some("京都")),
    ("青石出版社", Some("杭州")),
    ("달빛출판사", Some("서울")),
    ("नीलकंठ प्रकाशन", Some("वाराणसी")),
    ("Lantern Row Press", Some("Edinburgh")),
    ("Tidewater University Press", Some("Bristol")),
    ("O'Malley & Daughters", Some("Galway")),
    ("Imprimerie de l'Île", None),
    ("Nordlicht Kinderbuch", Some("Kiel")),
    ("Smörgås Förlag", Some("Malmö")),
    ("Þokusteinn", Some("Reykjavík")),
    ("Kőszikla Könyvek", Some("Pécs")),
    ("Çınaraltı Yayınları", Some("İzmir")),
    ("Nhà xuất bản Sen Vàng", Some("Huế")),
    ("Quill \"Q\" Quarto", Some("Norwich")),
    ("100% Paper", None),
    ("Under_score Books", Some("Leeds")),
    ("Back\\slash & Sons", Some("York")),
    ("🐙 Octopus Comics", Some("Lisboa")),
    ("Zwölf", Some("Zürich")),
];

/// What customers write beside an order.
pub(super) const NOTES: [&str; 10] = [
    "Please ring twice.",
    "Cadeau : merci de ne pas joindre la facture.",
    "Bitte beim Nachbarn abgeben, 2. Stock rechts.",
    "Залиште, будь ласка, у консьєржа.",
    "置き配でお願いします。",
    "يرجى الاتصال قبل التسليم",
    "נא להשאיר ליד הדלת",
    "Για το γραφείο, όχι για το σπίτι.",
    "A birthday present 🎁 for my daughter 👩‍👧, do not fold!",
    "Line one\nLine two\n\n\tand a last one with a tab",
];

/// What the staff tell each other.
pub(super) const STAFF_NOTES: [&str; 12] = [
    "The lamp above shelf 14 flickers again.",
    "Inventory of the cellar on Thursday, bring gloves.",
    "Delivery from Harbour & Vale comes at noon, not in the morning.",
    "The card terminal says \"no\" until it is switched off for a minute.",
    "Remember: no signed copies by post.",
    "Réunion du lundi déplacée à mardi.",
    "Der Schlüssel zum Hof hängt jetzt links.",
    "棚卸しは来週の月曜日です。",
    "Рахунок за опалення лежить у шухляді.",
    "The window display is <b>Greek</b> until the end of the month & then poetry.",
    "Somebody left an umbrella ☂️ by the atlases.",
    "For the reading: 40 chairs, 2 jugs of water, 1 microphone; 50 % deposit is paid.",
];

/// The headings: name, name for addresses, and the name for addresses of the heading above.
pub(super) const CATEGORIES: [(&str, &str, &str); 40] = [
    ("Fiction", "fiction", ""),
    ("Non-fiction", "non-fiction", ""),
    ("Children", "children", ""),
    ("Comics", "comics", ""),
    ("Novels", "novels", "fiction"),
    ("Short stories", "short-stories", "fiction"),
    ("Poetry", "poetry", "fiction"),
    ("Drama", "drama", "fiction"),
    ("Crime", "crime", "novels"),
    ("Science fiction", "science-fiction", "novels"),
    ("Fantasy", "fantasy", "novels"),
    ("Historical novels", "historical-novels", "novels"),
    ("Love stories", "love-stories", "novels"),
    ("Sea stories", "sea-stories", "novels"),
    ("Cosy crime", "cosy-crime", "crime"),
    ("Noir", "noir", "crime"),
    ("Space opera", "space-opera", "science-fiction"),
    ("Haiku 俳句", "haiku", "poetry"),
    ("Ghazal غزل", "ghazal", "poetry"),
    ("History", "history", "non-fiction"),
    ("Nature", "nature", "non-fiction"),
    ("Science", "science", "non-fiction"),
    ("Cooking", "cooking", "non-fiction"),
    ("Travel", "travel", "non-fiction"),
    ("Computing", "computing", "non-fiction"),
    ("Lives", "lives", "non-fiction"),
    ("Antiquity", "antiquity", "history"),
    ("Seafaring", "seafaring", "history"),
    ("Birds", "birds", "nature"),
    ("Mathematics", "mathematics", "science"),
    ("Astronomy", "astronomy", "science"),
    ("Baking", "baking", "cooking"),
    (
        "Programming languages",
        "programming-languages",
        "computing",
    ),
    ("Databases", "databases", "computing"),
    ("Picture books", "picture-books", "children"),
    ("First readers", "first-readers", "children"),
    ("Fairy tales", "fairy-tales", "children"),
    ("Manga 漫画", "manga", "comics"),
    ("Bandes dessinées", "bandes-dessinees", "comics"),
    ("Manhwa 만화", "manhwa", "comics"),
];
