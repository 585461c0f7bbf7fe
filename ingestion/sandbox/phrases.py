"""Names, captions and comments of the synthetic world: invented people who say ordinary things."""

FIRST_NAMES = (
    "Ava Noor Mateo Linh Sofia Kwame Elena Hugo Priya Jonas Mina Tariq Clara Diego Yuki Amara "
    "Felix Zoe Omar Ines Lars Nadia Theo Aisha Bruno Maya Viktor Leila Samir Greta"
).split()
LAST_NAMES = (
    "Rivers Okafor Lindqvist Haddad Moreau Tanaka Silva Novak Brandt Castillo Mehta Fischer "
    "Osei Laurent Petrov Nguyen Marino Keller Duarte Aydin Larsen Rossi Ibrahim Vance"
).split()
TOPICS = (
    "street food",
    "trail running",
    "small-flat makeovers",
    "film cameras",
    "budget travel",
    "strength training",
    "home baking",
    "indie games",
    "skincare",
    "city cycling",
    "houseplants",
    "language learning",
)
CAPTIONS = (
    "I tried {topic} for 30 days",
    "Everything I got wrong about {topic}",
    "{topic}: what nobody tells you 👀",
    "A quiet morning of {topic}",
    "POV: you discover {topic} at 2 a.m. 😂",
    "Three mistakes in {topic}, and how to avoid them",
    "Questions and answers on {topic}",
    "أفضل نصائح {topic}",
    "{topic} on a budget ✨",
    "Why I nearly gave up {topic}",
)
COMMENTS = (
    "This is exactly what I needed today",
    "First! 🎉",
    "Where did you get that?",
    "I have watched this four times",
    "The bit at the end 😂😂",
    "Could you do a part two?",
    "Underrated channel, honestly",
    "Not sure I agree, but well made",
    "شكرا على الفيديو",
    "Greetings from Lisbon ❤️",
    "What music is this?",
    "Tried it, works. Thank you!",
)
COUNTRIES = ("US", "GB", "DE", "BR", "IN", "FR", "ES", "JP", "NG", "MX")
