using KdKernels.Distillation.Data.Sequences;

namespace KdKernels.Distillation.Tests.Data.Sequences;

public class SentimentTests
{
    private static readonly HashSet<string> Noise = new(SentimentWords.Noise, StringComparer.Ordinal);
    private static readonly HashSet<string> Good = Judgements(0);
    private static readonly HashSet<string> Bad = Judgements(1);
    private static readonly string[] Turns = ["not", "never", "hardly", "nobody", "doubt", "few"];

    /// <summary>
    /// Frozen: if this fails, the sentences changed and every stored result is about other data; raise
    /// Sentiment.Version instead.
    /// </summary>
    [Fact]
    public void Version_1_is_frozen_to_the_token()
    {
        TokenSplits splits = Sentiment.Generate(trainCount: 1000, testCount: 1000, seed: 2026);
        Assert.Equal(1, Sentiment.Version);
        Assert.Equal("681ad00eeeff29b1d3eaeb0c18b9b67f5c67394fa687fc880c956fc7e5aa72f1", splits.Train.Fingerprint);
        Assert.Equal("3c441204e93d9faeb719847e238aea304d1df73c8cd58028426f8835df626139", splits.Test.Fingerprint);
    }

    [Fact]
    public void A_sentence_depends_on_seed_split_and_index_only()
    {
        TokenSplits few = Sentiment.Generate(30, 20, seed: 5);
        TokenSplits many = Sentiment.Generate(90, 70, seed: 5);
        Assert.Equal(few.Train.Fingerprint, many.Train.Take(30).Fingerprint);
        Assert.Equal(few.Test.Fingerprint, many.Test.Take(20).Fingerprint);
        Assert.NotEqual(few.Train.Fingerprint, Sentiment.Generate(30, 20, seed: 6).Train.Fingerprint);
        Assert.NotEqual(few.Train.Take(20).Fingerprint, few.Test.Fingerprint);
        Assert.Throws<ArgumentOutOfRangeException>(() => Sentiment.Generate(-1, 1, seed: 5));
    }

    /// <summary>Reads every sentence again by the rules of the language, without the generator's knowledge.</summary>
    [Fact]
    public void Label_and_mask_are_what_a_reader_finds()
    {
        TokenSet set = Sentiment.Generate(4000, 1, seed: 5).Train;
        for (int i = 0; i < set.Count; i++)
        {
            List<(string Word, int Position)> deciding = DecidingClause(set, i);
            var judgements = deciding.Where(token => Good.Contains(token.Word) || Bad.Contains(token.Word)).ToList();
            var turns = deciding.Where(token => Turns.Contains(token.Word)).ToList();
            string word = Assert.Single(judgements).Word;
            bool isPositive = Good.Contains(word) ^ (turns.Count % 2 == 1);
            Assert.True(set.LabelsOf(i)[0] == (isPositive ? 1 : 0), $"sentence {i}: {set.Text(i)}");

            byte[] mask = new byte[set.Length];
            foreach ((_, int position) in judgements.Concat(turns))
                mask[position] = 1;
            Assert.True(mask.AsSpan().SequenceEqual(set.Mask(i)), $"sentence {i}: {set.Text(i)}");
        }
    }

    [Fact]
    public void Classes_are_balanced_and_the_longest_sentence_fits()
    {
        TokenSplits splits = Sentiment.Generate(4001, 2000, seed: 5);
        Assert.Equal(2000, splits.Train.Labels.ToArray().Sum());
        Assert.Equal(1000, splits.Test.Labels.ToArray().Sum());
        Assert.Equal(Sentiment.Length, splits.Train.Lengths.ToArray().Max());
        Assert.InRange(splits.Train.Lengths.ToArray().Average(), 10, 14);
        Assert.InRange(Sentiment.Vocabulary.Count, 180, 230);
        Assert.Equal(Sentiment.Vocabulary.Count, splits.Train.Tokens.ToArray().Distinct().Count());
    }

    [Fact]
    public void Few_test_sentences_are_in_the_training_set()
    {
        TokenSplits splits = Sentiment.Generate(2000, 2000, seed: 5);
        HashSet<string> seen = [.. Enumerable.Range(0, 2000).Select(splits.Train.Text)];
        Assert.InRange(Enumerable.Range(0, 2000).Count(i => seen.Contains(splits.Test.Text(i))), 0, 60);
    }

    [Fact]
    public void A_few_percent_of_the_words_are_noise_which_tells_nothing()
    {
        TokenSet set = Sentiment.Generate(4000, 1, seed: 5).Train;
        int[] noise = new int[2];
        for (int i = 0; i < set.Count; i++)
            noise[set.LabelsOf(i)[0]] += set.Text(i).Split(' ').Count(Noise.Contains);
        Assert.InRange((double)noise.Sum() / set.Lengths.ToArray().Sum(), 0.02, 0.04);
        Assert.InRange((double)noise[0] / noise.Sum(), 0.45, 0.55);
    }

    private static HashSet<string> Judgements(int side) => new(
        [
            .. SentimentWords.Adjectives[side], .. SentimentWords.Nouns[side], .. SentimentWords.Verbs[side],
            .. SentimentWords.PastVerbs[side],
        ],
        StringComparer.Ordinal);

    /// <summary>Without noise and without what it was after ("after a lovely day").</summary>
    private static List<(string Word, int Position)> DecidingClause(TokenSet set, int index)
    {
        var words = set.Text(index).Split(' ').Select((word, position) => (Word: word, Position: position))
            .Where(token => !Noise.Contains(token.Word)).ToList();
        int aside = Enumerable.Range(0, words.Count - 1)
            .FirstOrDefault(i => words[i].Word == "after" && words[i + 1].Word is ("a" or "an"), words.Count);
        words = words[..aside];
        int comma = words.FindIndex(token => token.Word == ",");
        int concessive = words.FindIndex(token => token.Word is "although" or "though" or "while");
        int adversative = words.FindIndex(token => token.Word is "but" or "yet");
        if (comma >= 0)
            return words[comma..];
        return concessive >= 0 ? words[..concessive] : words[Math.Max(adversative, 0)..];
    }
}
