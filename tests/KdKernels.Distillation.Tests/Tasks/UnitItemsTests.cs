using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Sequences;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Tasks;

/// <summary>What a probe is told of items, and that noise on it reaches the network.</summary>
[Collection(TorchTests.Name)]
public sealed class UnitItemsTests
{
    private static readonly int[] Items = [3, 0, 7];

    [Fact]
    public void Clouds_consist_of_points()
    {
        using var scope = NewDisposeScope();
        CloudSplits splits = Clouds.Generate(10, 12, seed: 3);
        var task = new CloudTask(splits.Train, splits.Test);
        UnitItems units = task.Units(Items, CPU)!;

        Assert.Null(task.UnitsUnavailable);
        Assert.Null(units.Site);
        Assert.Equal([3L, 3L, 256L], units.Inputs.shape);
        Assert.Equal(ScalarType.Float32, units.Inputs.dtype);
        AssertMasks(units, 256);
        Assert.True(units.Present.all().ToBoolean());
        for (int i = 0; i < Items.Length; i++)
        {
            Assert.Equal(splits.Test.Cloud(Items[i]).ToArray(), units.Inputs[i].contiguous().data<float>().ToArray());
            AssertRow(splits.Test.Mask(Items[i]), units.Foreground[i]);
        }
    }

    [Theory]
    [InlineData("sentiment", "lstm-small", "sequences")]
    [InlineData("span-questions", "reader-small", "spans")]
    public void Sequences_consist_of_word_vectors(string name, string model, string kind)
    {
        using var scope = NewDisposeScope();
        LearningTask task = Sequences(name);
        TokenSet set = name == "sentiment" ? Sentiment.Generate(20, 12, 2026).Test : SpanQuestions.Generate(20, 12, 2026).Test;
        UnitItems units = task.Units(Items, CPU)!;

        Assert.Equal(kind, task.Kind);
        Assert.Null(task.UnitsUnavailable);
        Assert.Equal([3L, (long)set.Length], units.Inputs.shape);
        Assert.Equal(ScalarType.Int64, units.Inputs.dtype);
        AssertMasks(units, set.Length);
        Assert.False(units.Foreground.logical_and(units.Present.logical_not()).any().ToBoolean());
        for (int i = 0; i < Items.Length; i++)
        {
            Assert.Equal(set.Lengths[Items[i]], units.Present[i].sum().ToInt64());
            AssertRow(set.Mask(Items[i]), units.Foreground[i]);
        }

        nn.Module<Tensor, Tensor> network = task.CreateNetwork(model, seed: 1, CPU);
        Assert.Contains(units.Site!, network.named_modules().Select(entry => entry.name), StringComparer.Ordinal);
    }

    /// <summary>A probe replaces the output of the module by another through a hook: the network's output must be what it
    /// makes of that, and gradients must reach it.</summary>
    [Theory]
    [InlineData("sentiment", "lstm-small")]
    [InlineData("sentiment", "lstm-large")]
    [InlineData("span-questions", "reader-small")]
    [InlineData("span-questions", "reader-large")]
    public void A_hook_at_the_site_replaces_what_the_network_reads(string name, string model)
    {
        using var scope = NewDisposeScope();
        LearningTask task = Sequences(name);
        UnitItems units = task.Units(Items, CPU)!;
        nn.Module<Tensor, Tensor> network = task.CreateNetwork(model, seed: 1, CPU);
        network.eval();
        var site = (nn.Module<Tensor, Tensor>)network.named_modules().Single(entry => entry.name == units.Site).module;
        Tensor clean = network.call(units.Inputs);
        Tensor? seen = null;
        Tensor? replacement = null;
        var hook = site.register_forward_hook((_, _, output) =>
        {
            seen = output.detach().clone().DetachFromDisposeScope();
            return replacement ?? output;
        });
        Tensor watched = network.call(units.Inputs);
        Tensor vectors = seen!;
        long length = units.Inputs.shape[1];
        Assert.Equal([3L, length], vectors.shape[..2]);
        Assert.True(watched.eq(clean).all().ToBoolean());

        // The same vectors again change nothing; another sentence's give what that sentence gives, as far as only vectors
        // are read; noise on one unit changes the answer of its item only.
        replacement = vectors.clone();
        Assert.True(network.call(units.Inputs).eq(clean).all().ToBoolean());
        Tensor sigma = zeros([3, length, 1]);
        sigma[1, 1] = tensor(0.5f);
        Tensor noisy = (vectors + sigma * randn_like(vectors)).requires_grad_();
        replacement = noisy;
        Tensor changed = network.call(units.Inputs);
        Tensor difference = (changed - clean).abs().flatten(1).sum(1);
        Assert.Equal([false, true, false], [.. Enumerable.Range(0, 3).Select(i => difference[i].ToDouble() > 0)]);
        changed.sum().backward();
        Assert.True(noisy.grad!.abs().sum().ToDouble() > 0);

        hook.remove();
        Assert.True(network.call(units.Inputs).eq(clean).all().ToBoolean());
        vectors.Dispose();
        seen!.Dispose();
    }

    [Fact]
    public void Says_why_there_are_none()
    {
        using var scope = NewDisposeScope();
        var bare = new CloudSet("bare", "", 4, new float[24], [0, 1], ["a", "b"]);
        AssertNone(new CloudTask(bare, bare), "expected masks that say which points are the object's but bare has none");
        var words = new TokenSet("words", "", ["<pad>", "a"], ["x"], 1, [1, 1], [1, 1], [0, 0]);
        AssertNone(new SequenceTask(words, words), "expected masks that say which words matter but words has none");
        LearningTask scenes = TaskCatalog.Load(
            TrainingSample.Recipe("data={name: scenes, train: 4, test: 2}").Data, "sample");
        AssertNone(scenes, "expected a task whose items consist of units with masks but scenes-v1/test is for detection");
    }

    [Fact]
    public void Refuses_items_that_are_not_there()
    {
        CloudSet set = Clouds.Generate(2, 1, seed: 3).Train;
        Assert.Throws<ArgumentOutOfRangeException>(() => new CloudTask(set, set).Units([2], CPU));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sequences("sentiment").Units([-1], CPU));
    }

    [Fact]
    public void Leaves_only_the_three_tensors()
    {
        CloudSet set = Clouds.Generate(2, 1, seed: 3).Train;
        LearningTask[] tasks = [new CloudTask(set, set), Sequences("sentiment")];
        foreach (LearningTask task in tasks)
        {
            long before = Tensor.TotalCount;
            using (var scope = NewDisposeScope())
            {
                task.Units([0, 1], CPU);
                Assert.Equal(before + 3, Tensor.TotalCount);
            }

            Assert.Equal(before, Tensor.TotalCount);
        }
    }

    private static void AssertNone(LearningTask task, string sentence)
    {
        Assert.Null(task.Units([0], CPU));
        Assert.Equal(sentence, task.UnitsUnavailable);
    }

    /// <summary>Bool, of the units' shape; some units matter and some that exist do not.</summary>
    private static void AssertMasks(UnitItems units, long count)
    {
        Assert.Equal([3L, count], units.Present.shape);
        Assert.Equal([3L, count], units.Foreground.shape);
        Assert.Equal((ScalarType.Bool, ScalarType.Bool), (units.Present.dtype, units.Foreground.dtype));
        Assert.True(units.Foreground.any(1).all().ToBoolean());
        Assert.True(units.Present.logical_and(units.Foreground.logical_not()).any(1).all().ToBoolean());
    }

    private static void AssertRow(ReadOnlySpan<byte> mask, Tensor row) =>
        Assert.Equal(mask.ToArray().Select(value => value == 1), row.contiguous().data<bool>().ToArray());

    private static LearningTask Sequences(string name) => TaskCatalog.Load(
        TrainingSample.Recipe($"data={{name: {name}, train: 20, test: 12}}").Data, "sample");
}
