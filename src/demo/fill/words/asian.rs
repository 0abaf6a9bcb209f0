//! Words in Japanese, Chinese, Korean and Devanagari writing.

use super::{Culture, NameOrder};

pub(super) const JAPANESE: Culture = Culture {
    country: "JP",
    language: "ja",
    order: NameOrder::FamilyFirst,
    given: &[
        ("さくら", "sakura"),
        ("健太", "kenta"),
        ("美咲", "misaki"),
        ("ヒカル", "hikaru"),
    ],
    family: &[
        ("髙橋", "takahashi"),
        ("小林", "kobayashi"),
        ("渡邊", "watanabe"),
        ("𠮷田", "yoshida"),
    ],
    cities: &[("京都市", "600-8216"), ("小樽市", "047-0031")],
    streets: &["中央区本町#丁目2-3", "北区緑町#番地"],
    titles: &[
        "灯台守の帳簿",
        "雨のあとの図書館",
        "ガラスの駅",
        "さよなら、海辺の町",
    ],
    subtitles: &["長編小説", "短編集", "はじめての入門書"],
    blurbs: &[
        "最後の船が出たあと、彼女は失くしたものを数えはじめた。",
        "静かな町で、静かではない事件が起こる。",
        "読み終えると、誰かに手紙を書きたくなる一冊。",
    ],
    verdicts: &["最高でした", "普通", "期待はずれ"],
    opinions: &[
        "一晩で読みました。",
        "装丁がとても美しいです。",
        "後半が少し長い。",
    ],
};

pub(super) const CHINESE: Culture = Culture {
    country: "CN",
    language: "zh-Hans",
    order: NameOrder::FamilyFirstJoined,
    given: &[
        ("晓明", "xiaoming"),
        ("雨桐", "yutong"),
        ("建国", "jianguo"),
        ("思远", "siyuan"),
    ],
    family: &[
        ("王", "wang"),
        ("欧阳", "ouyang"),
        ("陈", "chen"),
        ("李", "li"),
    ],
    cities: &[("杭州市", "310000"), ("青岛市", "266000")],
    streets: &["中山路#号", "和平里#号楼3单元"],
    titles: &["灯塔与账本", "江南的雪", "失物招领处", "一万颗铆钉"],
    subtitles: &["长篇小说", "短篇小说集", "修订版"],
    blurbs: &[
        "一座小城，三代人，和一封没有寄出的信。",
        "写给所有在路上的人。",
        "语言朴素，余味悠长。",
    ],
    verdicts: &["非常好看", "一般", "不推荐"],
    opinions: &["一口气读完。", "印刷很好，字有点小。", "结尾出人意料。"],
};

pub(super) const KOREAN: Culture = Culture {
    country: "KR",
    language: "ko",
    order: NameOrder::FamilyFirstJoined,
    given: &[
        ("서연", "seoyeon"),
        ("민준", "minjun"),
        ("지우", "jiwoo"),
        ("하늘", "haneul"),
    ],
    family: &[
        ("김", "kim"),
        ("남궁", "namgung"),
        ("박", "park"),
        ("최", "choi"),
    ],
    cities: &[("서울특별시", "04524"), ("부산광역시", "48058")],
    streets: &["세종대로 #", "해운대로 #, 101동"],
    titles: &[
        "등대지기의 장부",
        "달빛 도서관",
        "바다가 돌려준 것",
        "겨울의 작은 배들",
    ],
    subtitles: &["장편소설", "단편집", "개정판"],
    blurbs: &[
        "마지막 배가 떠난 뒤, 그는 사라진 것들을 세기 시작했다.",
        "조용하지만 오래 남는 이야기.",
        "세 자매와 오래된 조선소의 비밀.",
    ],
    verdicts: &["정말 좋아요", "보통이에요", "아쉬워요"],
    opinions: &[
        "하룻밤에 다 읽었습니다.",
        "표지가 예뻐요.",
        "중간이 조금 지루해요.",
    ],
};

pub(super) const HINDI: Culture = Culture {
    country: "IN",
    language: "hi",
    order: NameOrder::GivenFirst,
    given: &[
        ("नेहा", "neha"),
        ("अर्जुन", "arjun"),
        ("श्रुति", "shruti"),
        ("विक्रम", "vikram"),
    ],
    family: &[
        ("शर्मा", "sharma"),
        ("त्रिपाठी", "tripathi"),
        ("क्षत्रिय", "kshatriya"),
        ("मिश्रा", "mishra"),
    ],
    cities: &[("वाराणसी", "221001"), ("जयपुर", "302001")],
    streets: &["# गंगा मार्ग", "# पुस्तक गली, दूसरी मंज़िल"],
    titles: &[
        "दीपस्तंभ का बही-खाता",
        "नदी ने क्या कहा",
        "सर्दियों की नावें",
        "घर का आख़िरी कमरा",
    ],
    subtitles: &["उपन्यास", "कहानी संग्रह", "संशोधित संस्करण"],
    blurbs: &[
        "एक शहर जो अपने लोगों से ज़्यादा याद रखता है।",
        "तीन पीढ़ियाँ, एक चिट्ठी और एक बंद दरवाज़ा।",
        "सरल भाषा में लिखी गहरी किताब।",
    ],
    verdicts: &["बहुत बढ़िया", "ठीक-ठाक", "पसंद नहीं आई"],
    opinions: &["एक ही रात में पढ़ ली।", "छपाई सुंदर है।", "अंत थोड़ा जल्दी आ गया।"],
};
