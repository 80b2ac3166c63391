using KdKernels.Core;

namespace KdKernels.Distillation.Data.Sequences;

/// <summary>Writes one sentence of <see cref="Sentiment"/>.</summary>
internal sealed class SentimentSentence
{
    // Difficulty, calibrated by plain supervised training only and frozen with Sentiment.Version. 2,000 training
    // sentences, seed 2026, 10 epochs of Adam at 0.01: logistic regression on the counts of the words reaches 54 % of
    // 2,000 held-out sentences; EmbeddingLstm, three initialisations each, with E = H = 8 reaches 79, 90 and 88 %, with
    // E = H = 12 91, 90 and 93 %, with E = H = 64 98, 97 and 99 %.
    private const double AdversativeProbability = 0.28;
    private const double ConcessiveProbability = 0.22;
    private const double NegationProbability = 0.27;
    private const double FrameProbability = 0.25;
    private const double TurningProbability = 0.35;
    private const double IntensifierProbability = 0.4;
    private const double AdjectiveProbability = 0.3;
    private const double FillerProbability = 0.3;
    private const double AsideProbability = 0.3;
    private const double NoiseProbability = 0.03;

    private readonly bool _isPositive;
    private PhiloxSequence _random;

    public SentimentSentence(ulong seed, uint purpose, uint index, bool isPositive)
    {
        _random = new PhiloxSequence(seed, purpose, major: Sentiment.Version, minor: index);
        _isPositive = isPositive;
    }

    /// <summary>At most <see cref="Sentiment.Length"/> words.</summary>
    public WordList Write()
    {
        WordList words = Judgement();
        if (Chance(FillerProbability))
            AddIfItFits(words, Choose(SentimentWords.Openers), atStart: true);
        if (Chance(FillerProbability))
            AddIfItFits(words, Choose(SentimentWords.Closers), atStart: false);
        if (Chance(AsideProbability))
        {
            string adjective = Choose(SentimentWords.Adjectives[_random.NextInt32(2)]);
            AddIfItFits(
                words, $"after {Article(adjective)} {adjective} {Choose(SentimentWords.Occasions)}", atStart: false);
        }

        AddNoise(words);
        return words;
    }

    /// <summary>One clause, or one that decides and one that says the opposite and does not.</summary>
    private WordList Judgement()
    {
        double kind = _random.NextDouble();
        WordList deciding = Clause(_isPositive, decides: true);
        if (kind >= AdversativeProbability + ConcessiveProbability)
            return deciding;
        WordList other = Clause(!_isPositive, decides: false);
        var words = new WordList();
        if (kind < AdversativeProbability)
        {
            words.AddRange(other);
            words.Add(Choose(SentimentWords.Adversatives));
            words.AddRange(deciding);
            return words;
        }

        string concessive = Choose(SentimentWords.Concessives);
        if (Chance(0.5))
        {
            words.AddRange(deciding);
            words.Add(concessive);
            words.AddRange(other);
            return words;
        }

        words.Add(concessive);
        words.AddRange(other);
        words.Add(",");
        words.AddRange(deciding);
        return words;
    }

    /// <summary>At most eleven words that judge as told, whatever turns them on the way.</summary>
    private WordList Clause(bool isPositive, bool decides)
    {
        var words = new WordList();
        bool polarity = isPositive;
        if (Chance(FrameProbability))
        {
            if (Chance(TurningProbability))
            {
                var frames = SentimentWords.TurningFrames;
                (string before, string turn, string after) = frames[_random.NextInt32(frames.Count)];
                if (before.Length > 0)
                    words.Add(before);
                words.Add(turn, decides);
                if (after.Length > 0)
                    words.Add(after);
                polarity = !polarity;
            }
            else
            {
                words.Add(Choose(SentimentWords.Frames));
            }
        }

        bool isNegated = Chance(NegationProbability);
        AddCore(words, polarity != isNegated ? 0 : 1, isNegated, decides);
        return words;
    }

    private void AddCore(WordList words, int side, bool isNegated, bool decides)
    {
        switch (_random.NextInt32(4))
        {
            case 0:
                AddVerb(words, side, isNegated, decides);
                break;
            case 1:
                AddSubject(words, isNegated, decides);
                words.Add("a");
                words.Add(Choose(SentimentWords.Nouns[side]), decides);
                break;
            default:
                AddSubject(words, isNegated, decides);
                if (Chance(IntensifierProbability))
                    words.Add(Choose(SentimentWords.Intensifiers));
                words.Add(Choose(SentimentWords.Adjectives[side]), decides);
                break;
        }
    }

    /// <summary>"i did not enjoy the film", "we never enjoyed the film", "i enjoyed the film".</summary>
    private void AddVerb(WordList words, int side, bool isNegated, bool decides)
    {
        words.Add(Chance(0.5) ? "i" : "we");
        int verb = _random.NextInt32(SentimentWords.Verbs[side].Count);
        string negator = Choose(SentimentWords.Negators);
        bool hasDid = isNegated && negator == "not";
        if (hasDid)
            words.Add("did");
        if (isNegated)
            words.Add(negator, decides);
        words.Add((hasDid ? SentimentWords.Verbs : SentimentWords.PastVerbs)[side][verb], decides);
        AddThing(words);
    }

    /// <summary>"the new film was", "the film was never".</summary>
    private void AddSubject(WordList words, bool isNegated, bool decides)
    {
        AddThing(words);
        words.Add("was");
        if (isNegated)
            words.Add(Choose(SentimentWords.Negators), decides);
    }

    private void AddThing(WordList words)
    {
        words.Add("the");
        if (Chance(AdjectiveProbability))
            words.Add(Choose(SentimentWords.PlainAdjectives));
        words.Add(Choose(SentimentWords.Subjects));
    }

    private static void AddIfItFits(WordList words, string phrase, bool atStart)
    {
        var added = new WordList();
        added.Add(phrase);
        if (words.Count + added.Count <= Sentiment.Length)
            words.InsertRange(atStart ? 0 : words.Count, added);
    }

    private void AddNoise(WordList words)
    {
        for (int i = words.Count; i >= 0; i--)
        {
            if (!Chance(NoiseProbability))
                continue;
            string word = Choose(SentimentWords.Noise);
            if (words.Count < Sentiment.Length)
                words.Insert(i, new MarkedWord(word, IsMarked: false));
        }
    }

    private static string Article(string word) => word[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? "an" : "a";

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private string Choose(IReadOnlyList<string> phrases) => WordList.Choose(ref _random, phrases);
}
