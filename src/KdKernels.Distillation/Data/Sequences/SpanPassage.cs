using KdKernels.Core;

namespace KdKernels.Distillation.Data.Sequences;

/// <summary>Writes one question and its passage of <see cref="SpanQuestions"/>.</summary>
internal sealed class SpanPassage
{
    // Difficulty, calibrated by plain supervised training only and frozen with SpanQuestions.Version. 500 training
    // questions, seed 2026, 6 epochs of Adam at 0.01, three initialisations: SpanReader with E = H = 8 answers 70, 84
    // and 72 % of 2,000 held-out questions exactly, with E = H = 32 99, 100 and 99 %. From 2,000 training questions the
    // small one reaches 90, 95 and 89 % after 2 epochs and 96, 98 and 97 % after 3: only few questions tell them apart.
    private const int MinFacts = 4;
    private const int MaxFacts = 5;
    private const int MaxTwins = 2;
    private const double SharedWordProbability = 0.5;
    private const double SharedSubjectProbability = 0.5;
    private const double SubjectQuestionProbability = 0.5;
    private const double EndedProbability = 0.5;

    private readonly List<Fact> _facts = [];
    private PhiloxSequence _random;

    public SpanPassage(ulong seed, uint purpose, uint index)
    {
        _random = new PhiloxSequence(seed, purpose, major: SpanQuestions.Version, minor: index);
    }

    /// <summary>
    /// At most <see cref="SpanQuestions.Length"/> words, and the first and last position of the answer: a question has
    /// seven words at most, a fact seven with its stop, there are five, and one may have two words more.
    /// </summary>
    public (WordList Words, int Start, int End) Write()
    {
        SpanRelation relation = SpanRelation.All[_random.NextInt32(SpanRelation.All.Count)];
        Fact asked = DrawFact(relation);
        _facts.Add(asked);
        bool asksSubject = relation.SubjectQuestion is not null && Chance(SubjectQuestionProbability);
        int twins = 1 + _random.NextInt32(MaxTwins);
        for (int i = 0; i < twins; i++)
            _facts.Add(DrawTwin(asked));
        if (relation.CanEnd && Chance(EndedProbability))
            _facts.Add(DrawEnded(asked, asksSubject));
        int count = MinFacts + _random.NextInt32(MaxFacts - MinFacts + 1);
        while (_facts.Count < count)
            _facts.Add(DrawOther(asked));

        string question = asksSubject
            ? relation.SubjectQuestion!.Replace("*", asked.Object, StringComparison.Ordinal)
            : relation.ObjectQuestion.Replace("*", asked.Subject, StringComparison.Ordinal);
        return Compose(question, asked, asksSubject);
    }

    private (WordList Words, int Start, int End) Compose(string question, Fact asked, bool asksSubject)
    {
        int[] order = [.. Enumerable.Range(0, _facts.Count)];
        _random.Shuffle(order);
        var words = new WordList();
        words.Add(question);
        words.Add(SpanQuestions.SeparatorWord);
        int start = 0;
        int end = 0;
        foreach (int i in order)
        {
            Fact fact = _facts[i];
            bool isAsked = fact == asked;
            int subject = words.Count;
            words.Add(fact.Subject, isAsked);
            int verb = words.Count;
            if (fact.HasEnded)
                words.Add(SpanRelation.Ended);
            words.Add(fact.Relation.Verb, isAsked);
            int target = words.Count;
            words.Add(fact.Object, isAsked);
            if (isAsked)
                (start, end) = asksSubject ? (subject, verb - 1) : (target, words.Count - 1);
            words.Add(".");
        }

        return (words, start, end);
    }

    /// <summary>
    /// A fact of the same relation with another subject and another object, often one that shares a word with the
    /// subject or the object asked for, so that all of its words must be read.
    /// </summary>
    private Fact DrawTwin(Fact asked)
    {
        bool shares = Chance(SharedWordProbability);
        Fact twin = DrawFact(asked.Relation);
        if (!shares)
            return twin;
        Fact mixed = _random.NextInt32(2) == 0
            ? twin with { Subject = Mix(asked.Subject, twin.Subject) }
            : twin with { Object = Mix(asked.Object, twin.Object) };
        return Clashes(mixed) ? twin : mixed;
    }

    /// <summary>
    /// The first phrase with its last word from the second, where both have as many and more than one; else the second.
    /// </summary>
    private static string Mix(string first, string second)
    {
        string[] words = first.Split(' ');
        string[] others = second.Split(' ');
        return words.Length == others.Length && words.Length > 1
            ? string.Join(' ', [.. words[..^1], others[^1]])
            : second;
    }

    /// <summary>What was once the answer, and reads like it but for the words that say it is no more.</summary>
    private Fact DrawEnded(Fact asked, bool asksSubject)
    {
        Fact other = DrawFact(asked.Relation);
        return (asksSubject ? other with { Object = asked.Object } : other with { Subject = asked.Subject })
            with { HasEnded = true };
    }

    /// <summary>A fact of another relation, often about the same subject.</summary>
    private Fact DrawOther(Fact asked)
    {
        bool shares = Chance(SharedSubjectProbability);
        while (true)
        {
            SpanRelation relation = SpanRelation.All[_random.NextInt32(SpanRelation.All.Count)];
            if (relation == asked.Relation)
                continue;
            Fact own = DrawFact(relation);
            if (!shares || relation.Subject != asked.Relation.Subject)
                return own;
            Fact about = own with { Subject = asked.Subject };
            return Clashes(about) ? own : about;
        }
    }

    private Fact DrawFact(SpanRelation relation)
    {
        while (true)
        {
            var fact = new Fact(
                relation.DrawSubject(ref _random), relation, relation.DrawObject(ref _random));
            if (!Clashes(fact))
                return fact;
        }
    }

    /// <summary>Whether a question about it or about a fact that is there would have two answers.</summary>
    private bool Clashes(Fact fact) =>
        _facts.Exists(other => other.Relation == fact.Relation
            && (other.Subject == fact.Subject || Overlaps(other.Object, fact.Object)));

    /// <summary>"monday" would also be true of "monday morning", so such a pair is one answer too many.</summary>
    private static bool Overlaps(string first, string second) =>
        $" {first} ".Contains($" {second} ", StringComparison.Ordinal)
        || $" {second} ".Contains($" {first} ", StringComparison.Ordinal);

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private sealed record Fact(string Subject, SpanRelation Relation, string Object, bool HasEnded = false);
}
