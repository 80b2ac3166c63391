using System.Text.RegularExpressions;
using KdKernels.Distillation.Data.Sequences;

namespace KdKernels.Distillation.Tests.Data.Sequences;

public class SpanQuestionsTests
{
    /// <summary>Question, the fact that answers it, which half of the fact is the answer.</summary>
    private static readonly (string Question, string Verb, bool AsksSubject)[] Forms =
    [
        ("^what does (?<key>the .*) hold \\?$", "holds", false),
        ("^who owns (?<key>.*) \\?$", "belongs to", false),
        ("^where does (?<key>.*) live \\?$", "lives in", false),
        ("^who lives in (?<key>.*) \\?$", "lives in", true),
        ("^what does (?<key>.*) like \\?$", "likes", false),
        ("^who likes (?<key>.*) \\?$", "likes", true),
        ("^when did (?<key>.*) arrive \\?$", "arrived on", false),
        ("^who arrived on (?<key>.*) \\?$", "arrived on", true),
        ("^what is the trade of (?<key>.*) \\?$", "works as a", false),
    ];

    /// <summary>
    /// Frozen: if this fails, the questions changed and every stored result is about other data; raise
    /// SpanQuestions.Version instead.
    /// </summary>
    [Fact]
    public void Version_1_is_frozen_to_the_token()
    {
        TokenSplits splits = SpanQuestions.Generate(trainCount: 1000, testCount: 1000, seed: 2026);
        Assert.Equal(1, SpanQuestions.Version);
        Assert.Equal("36ceb35bfc6ad45b96df50e8556a9669d180b16d2eda98c52fdd50c77a880ecb", splits.Train.Fingerprint);
        Assert.Equal("848eaba731f4b5bacabb14670491421a7c0aa0ccbcf5c96536fc5036dcbff341", splits.Test.Fingerprint);
    }

    [Fact]
    public void A_question_depends_on_seed_split_and_index_only()
    {
        TokenSplits few = SpanQuestions.Generate(30, 20, seed: 5);
        TokenSplits many = SpanQuestions.Generate(90, 70, seed: 5);
        Assert.Equal(few.Train.Fingerprint, many.Train.Take(30).Fingerprint);
        Assert.Equal(few.Test.Fingerprint, many.Test.Take(20).Fingerprint);
        Assert.NotEqual(few.Train.Fingerprint, SpanQuestions.Generate(30, 20, seed: 6).Train.Fingerprint);
        Assert.NotEqual(few.Train.Take(20).Fingerprint, few.Test.Fingerprint);
        Assert.Throws<ArgumentOutOfRangeException>(() => SpanQuestions.Generate(-1, 1, seed: 5));
    }

    /// <summary>Answers every question from the text alone, without the generator's knowledge.</summary>
    [Fact]
    public void One_fact_answers_the_question_and_span_and_mask_are_its_words()
    {
        TokenSet set = SpanQuestions.Generate(3000, 1, seed: 5).Train;
        int decoys = 0;
        for (int i = 0; i < set.Count; i++)
        {
            string text = set.Text(i);
            string question = text[..text.IndexOf(" <sep>", StringComparison.Ordinal)];
            var (verb, asksSubject, key) = Read(question);
            List<(int Start, string[] Words)> facts = Facts(text);

            var answers = new List<(int Start, int End, int Fact)>();
            for (int f = 0; f < facts.Count; f++)
            {
                string fact = string.Join(' ', facts[f].Words);
                int at = fact.IndexOf($" {verb} ", StringComparison.Ordinal);
                if (at < 0)
                    continue;
                (string subject, string target) = (fact[..at], fact[(at + verb.Length + 2)..]);
                if (subject.EndsWith(" no longer", StringComparison.Ordinal))
                {
                    decoys++;
                    continue;
                }

                if ((asksSubject ? target : subject) != key)
                    continue;
                int length = (asksSubject ? subject : target).Split(' ').Length;
                int start = asksSubject ? facts[f].Start : facts[f].Start + facts[f].Words.Length - length;
                answers.Add((start, start + length - 1, f));
            }

            var answer = Assert.Single(answers);
            Assert.Equal([answer.Start, answer.End], set.LabelsOf(i).ToArray());
            byte[] mask = new byte[set.Length];
            mask.AsSpan(facts[answer.Fact].Start, facts[answer.Fact].Words.Length).Fill(1);
            Assert.Equal(mask, set.Mask(i).ToArray());
            int ofRelation = facts.Count(
                fact => string.Join(' ', fact.Words).Contains($" {verb} ", StringComparison.Ordinal));
            Assert.True(ofRelation > 1, $"no other fact of the relation: {text}");
        }

        Assert.InRange((double)decoys / set.Count, 0.35, 0.5);
    }

    [Fact]
    public void The_place_of_the_answer_and_the_kind_of_the_question_vary()
    {
        TokenSet set = SpanQuestions.Generate(3000, 1, seed: 5).Train;
        int[] facts = new int[5];
        var verbs = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < set.Count; i++)
        {
            string text = set.Text(i);
            facts[Facts(text).FindLastIndex(fact => fact.Start <= set.LabelsOf(i)[0])]++;
            string verb = Read(text[..text.IndexOf(" <sep>", StringComparison.Ordinal)]).Verb;
            verbs[verb] = verbs.GetValueOrDefault(verb) + 1;
        }

        Assert.All(facts[..4], count => Assert.InRange((double)count / set.Count, 0.18, 0.27));
        Assert.InRange((double)facts[4] / set.Count, 0.08, 0.15);
        Assert.Equal(6, verbs.Count);
        Assert.All(verbs.Values, count => Assert.InRange((double)count / set.Count, 0.13, 0.2));
        Assert.InRange(set.Lengths.ToArray().Max(), 40, SpanQuestions.Length);
        Assert.Equal(set.Vocabulary.Count, set.Tokens.ToArray().Distinct().Count());
    }

    [Fact]
    public void Labels_are_positions_and_the_separator_is_word_one()
    {
        TokenSet set = SpanQuestions.Generate(10, 1, seed: 5).Train;
        Assert.Equal((2, SpanQuestions.Length), (set.LabelCount, set.ClassCount));
        Assert.Equal("<sep>", set.Vocabulary[SpanQuestions.Separator]);
        Assert.Equal("span-questions-v1/train", set.Name);
    }

    private static (string Verb, bool AsksSubject, string Key) Read(string question)
    {
        foreach ((string pattern, string verb, bool asksSubject) in Forms)
        {
            Match match = Regex.Match(question, pattern, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
            if (match.Success)
                return (verb, asksSubject, match.Groups["key"].Value);
        }

        throw new InvalidOperationException($"no form of question: {question}");
    }

    /// <summary>The facts behind the separator and where in the sequence each starts.</summary>
    private static List<(int Start, string[] Words)> Facts(string text)
    {
        string[] words = text.Split(' ');
        var facts = new List<(int, string[])>();
        int start = Array.IndexOf(words, "<sep>") + 1;
        for (int t = start; t < words.Length; t++)
        {
            if (words[t] != ".")
                continue;
            facts.Add((start, words[start..t]));
            start = t + 1;
        }

        return facts;
    }
}
