namespace KdKernels.Distillation.Data.Sequences;

/// <summary>The words of <see cref="SpanQuestions"/>.</summary>
internal static class SpanWords
{
    public static readonly IReadOnlyList<string> Names =
    [
        "anna", "ben", "clara", "david", "emma", "felix", "greta", "hugo", "ida", "jonas", "karl", "lena", "max",
        "nora", "otto", "paula",
    ];

    public static readonly IReadOnlyList<string> Colours =
        ["red", "blue", "green", "yellow", "black", "white", "grey", "brown", "purple", "orange"];

    public static readonly IReadOnlyList<string> Containers =
        ["box", "bag", "jar", "chest", "basket", "drawer", "bottle", "case", "crate", "tin"];

    public static readonly IReadOnlyList<string> Numbers =
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty"];

    public static readonly IReadOnlyList<string> Things =
    [
        "coins", "stones", "keys", "letters", "buttons", "books", "shells", "pencils", "cards", "ribbons", "nails",
        "beads", "maps", "candles",
    ];

    public static readonly IReadOnlyList<string> Sides =
        ["north", "south", "east", "west", "old", "new", "upper", "lower"];

    public static readonly IReadOnlyList<string> Places =
        ["tower", "mill", "house", "farm", "castle", "barn", "cabin", "school", "station", "harbour"];

    public static readonly IReadOnlyList<string> Tastes =
        ["fresh", "warm", "sweet", "cold", "salted", "dried", "baked", "sour"];

    public static readonly IReadOnlyList<string> Foods =
        ["bread", "cheese", "honey", "soup", "apples", "cherries", "rice", "fish", "cake", "tea", "milk", "plums"];

    public static readonly IReadOnlyList<string> Days =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    public static readonly IReadOnlyList<string> DayParts = ["morning", "afternoon", "evening", "night"];

    public static readonly IReadOnlyList<string> Trades =
        ["baker", "smith", "tailor", "painter", "miller", "sailor", "doctor", "teacher", "farmer", "clerk"];

    public static readonly Lexicon Lexicon = new(
    [
        SpanQuestions.SeparatorWord, ". ?", .. SpanRelation.All.SelectMany(relation => relation.FixedWords), .. Names,
        .. Colours, .. Containers, .. Numbers, .. Things, .. Sides, .. Places, .. Tastes, .. Foods, .. Days,
        .. DayParts, .. Trades,
    ]);
}
