using KdKernels.Core;

namespace KdKernels.Distillation.Data.Sequences;

/// <summary>What a name or a thing can be the subject of.</summary>
internal enum SubjectKind
{
    Person,
    Container,
}

/// <summary>
/// A relation that a fact of <see cref="SpanQuestions"/> states between a subject and an object, and the questions for
/// either; in them <c>*</c> stands for the other one.
/// </summary>
/// <param name="Subject">Which subjects it has.</param>
/// <param name="Verb">The words between subject and object.</param>
/// <param name="ObjectQuestion">The question whose answer is the object.</param>
/// <param name="SubjectQuestion">The question whose answer is the subject; null where nobody asks it.</param>
internal sealed record SpanRelation(
    SubjectKind Subject, string Verb, string ObjectQuestion, string? SubjectQuestion = null)
{
    /// <summary>Before the verb of what is no more.</summary>
    public const string Ended = "no longer";

    private static readonly SpanRelation Holds = new(SubjectKind.Container, "holds", "what does * hold ?");
    private static readonly SpanRelation Belongs = new(SubjectKind.Container, "belongs to", "who owns * ?");
    private static readonly SpanRelation Lives = new(
        SubjectKind.Person, "lives in", "where does * live ?", "who lives in * ?");
    private static readonly SpanRelation Likes = new(
        SubjectKind.Person, "likes", "what does * like ?", "who likes * ?");
    private static readonly SpanRelation Arrives = new(
        SubjectKind.Person, "arrived on", "when did * arrive ?", "who arrived on * ?");
    private static readonly SpanRelation Works = new(SubjectKind.Person, "works as a", "what is the trade of * ?");

    public static IReadOnlyList<SpanRelation> All { get; } = [Holds, Belongs, Lives, Likes, Arrives, Works];

    /// <summary>Whether it can hold no longer: an arrival cannot.</summary>
    public bool CanEnd => this != Arrives;

    /// <summary>Every word of facts and questions that does not vary.</summary>
    public IEnumerable<string> FixedWords =>
        new[] { "the", Ended, Verb, ObjectQuestion, SubjectQuestion ?? "" }
            .SelectMany(phrase => phrase.Split(' '))
            .Where(word => word is not ("" or "*"));

    /// <summary>An object of this relation, of one to three words.</summary>
    public string DrawObject(ref PhiloxSequence random)
    {
        if (this == Holds)
            return Pair(ref random, SpanWords.Numbers, SpanWords.Things);
        if (this == Belongs)
            return WordList.Choose(ref random, SpanWords.Names);
        if (this == Lives)
            return "the " + Pair(ref random, SpanWords.Sides, SpanWords.Places);
        if (this == Works)
            return WordList.Choose(ref random, SpanWords.Trades);
        bool isPair = random.NextInt32(2) == 0;
        if (this == Likes)
        {
            string food = WordList.Choose(ref random, SpanWords.Foods);
            return isPair ? $"{WordList.Choose(ref random, SpanWords.Tastes)} {food}" : food;
        }

        string day = WordList.Choose(ref random, SpanWords.Days);
        return isPair ? $"{day} {WordList.Choose(ref random, SpanWords.DayParts)}" : day;
    }

    /// <summary>A subject of this relation.</summary>
    public string DrawSubject(ref PhiloxSequence random) =>
        Subject == SubjectKind.Person
            ? WordList.Choose(ref random, SpanWords.Names)
            : "the " + Pair(ref random, SpanWords.Colours, SpanWords.Containers);

    private static string Pair(ref PhiloxSequence random, IReadOnlyList<string> first, IReadOnlyList<string> second)
    {
        string word = WordList.Choose(ref random, first);
        return $"{word} {WordList.Choose(ref random, second)}";
    }
}
