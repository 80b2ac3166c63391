namespace KdKernels.Distillation.Data.Sequences;

/// <summary>The words of <see cref="Sentiment"/>. Lists of judgement come in pairs of equal size, good first.</summary>
internal static class SentimentWords
{
    public static readonly IReadOnlyList<string>[] Adjectives =
    [
        [
            "good", "great", "wonderful", "excellent", "brilliant", "superb", "delightful", "charming", "moving",
            "clever", "fresh", "funny", "elegant", "gripping", "splendid", "touching", "vivid", "witty", "lovely",
            "pleasant",
        ],
        [
            "bad", "awful", "terrible", "dreadful", "horrible", "dull", "boring", "clumsy", "weak", "stale", "tedious",
            "ugly", "shallow", "painful", "messy", "lifeless", "silly", "bleak", "lazy", "annoying",
        ],
    ];

    public static readonly IReadOnlyList<string>[] Nouns =
    [
        ["triumph", "gem", "delight", "masterpiece", "success", "treat", "marvel", "joy"],
        ["failure", "disaster", "mess", "bore", "disgrace", "letdown", "waste", "flop"],
    ];

    /// <summary>As they follow "did not".</summary>
    public static readonly IReadOnlyList<string>[] Verbs =
    [
        ["enjoy", "love", "admire", "recommend", "praise", "like"],
        ["hate", "regret", "dislike", "despise", "resent", "mock"],
    ];

    /// <summary>The same verbs in the past.</summary>
    public static readonly IReadOnlyList<string>[] PastVerbs =
    [
        ["enjoyed", "loved", "admired", "recommended", "praised", "liked"],
        ["hated", "regretted", "disliked", "despised", "resented", "mocked"],
    ];

    /// <summary>What is judged.</summary>
    public static readonly IReadOnlyList<string> Subjects =
    [
        "film", "movie", "plot", "story", "acting", "cast", "script", "music", "ending", "opening", "dialogue",
        "camera", "hotel", "room", "meal", "service", "book", "novel", "chapter", "play", "scene", "song", "album",
        "concert", "game", "show", "series", "episode", "director", "writer", "museum", "tour",
    ];

    public static readonly IReadOnlyList<string> PlainAdjectives =
    [
        "new", "long", "short", "old", "second", "final", "main", "quiet", "early", "late", "small", "big", "recent",
        "famous", "local", "third",
    ];

    public static readonly IReadOnlyList<string> Intensifiers =
        ["very", "really", "so", "quite", "truly", "rather", "extremely", "particularly"];

    public static readonly IReadOnlyList<string> Negators = ["not", "never", "hardly"];

    /// <summary>Frames that leave the clause behind them as it is.</summary>
    public static readonly IReadOnlyList<string> Frames =
        ["i think", "they say", "we felt", "everyone said", "critics say", "i believe"];

    /// <summary>Frames that turn the clause behind them: before the word that turns it, that word, the rest.</summary>
    public static readonly IReadOnlyList<(string Before, string Turn, string After)> TurningFrames =
    [
        ("i do", "not", "think"), ("", "nobody", "said"), ("i", "doubt", ""), ("we", "never", "felt"),
        ("i", "hardly", "believe"), ("", "few", "say"),
    ];

    public static readonly IReadOnlyList<string> Openers =
    [
        "in the end", "last night", "to be honest", "on the whole", "this year", "after the break", "from the start",
        "at first sight",
    ];

    public static readonly IReadOnlyList<string> Closers =
    [
        "with my sister", "on the train", "at home", "in the city", "before lunch", "during the summer",
        "for two hours", "on sunday",
    ];

    /// <summary>What a judgement beside the point is about.</summary>
    public static readonly IReadOnlyList<string> Occasions = ["day", "week", "trip", "walk", "night", "year"];

    public static readonly IReadOnlyList<string> Noise =
        ["um", "well", "anyway", "okay", "hm", "right", "oh", "basically", "actually", "indeed", "see", "now"];

    /// <summary>The clause behind them decides.</summary>
    public static readonly IReadOnlyList<string> Adversatives = ["but", "yet", "but then"];

    /// <summary>The clause behind them does not decide.</summary>
    public static readonly IReadOnlyList<string> Concessives = ["although", "though", "while"];

    public static readonly Lexicon Lexicon = new(
    [
        "the a an was i we did ,", .. Negators, .. Adversatives, .. Concessives, .. Adjectives[0], .. Adjectives[1],
        .. Nouns[0], .. Nouns[1], .. Verbs[0], .. Verbs[1], .. PastVerbs[0], .. PastVerbs[1], .. Subjects,
        .. PlainAdjectives, .. Intensifiers, .. Frames,
        .. TurningFrames.Select(frame => $"{frame.Before} {frame.Turn} {frame.After}".Trim()), .. Openers, .. Closers,
        .. Occasions, .. Noise,
    ]);
}
