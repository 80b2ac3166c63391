using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public sealed class GeneratorTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void The_same_seed_gives_the_same_bits()
    {
        using var first = new Generator(42);
        using var second = new Generator(42);
        using var third = new Generator(43);
        Tensor a = randn(100, generator: first), b = randn(100, generator: second), c = randn(100, generator: third);
        Assert.True(a.bytes.SequenceEqual(b.bytes));
        Assert.False(a.bytes.SequenceEqual(c.bytes));
        Assert.False(a.bytes.SequenceEqual(randn(100, generator: first).bytes));
        Assert.Equal(42, first.initial_seed());
    }

    [Fact]
    public void A_generator_leaves_the_global_stream_alone()
    {
        random.manual_seed(5).Dispose();
        float expected = rand(1).item<float>();
        random.manual_seed(5).Dispose();
        using var own = new Generator(9);
        _ = rand(10, generator: own);
        _ = randperm(10, generator: own);
        _ = randint(0, 9, [10], generator: own);
        _ = ones(4).bernoulli_(0.5, own).normal_(0, 1, own).uniform_(0, 1, own);
        Assert.Equal(expected, rand(1).item<float>());
        Assert.Equal(5, random.initial_seed());
    }

    [Fact]
    public void A_state_can_be_kept_and_put_back()
    {
        using var generator = new Generator(1);
        _ = rand(7, generator: generator);
        Tensor state = generator.get_state();
        Tensor after = rand(20, generator: generator);
        generator.set_state(state);
        Assert.True(after.bytes.SequenceEqual(rand(20, generator: generator).bytes));
        _ = generator.manual_seed(1);
        _ = rand(7, generator: generator);
        Assert.True(after.bytes.SequenceEqual(rand(20, generator: generator).bytes));
    }

    [Fact]
    public void Draws_have_the_moments_of_their_distribution()
    {
        using var generator = new Generator(3);
        Tensor normal = randn(200_000, generator: generator), uniform = rand(200_000, generator: generator);
        Assert.InRange(normal.mean().item<float>(), -0.01, 0.01);
        Assert.InRange(normal.std().item<float>(), 0.99, 1.01);
        Assert.InRange(uniform.mean().item<float>(), 0.495, 0.505);
        Assert.InRange(uniform.min().item<float>(), 0, 1e-3);
        Assert.InRange(uniform.max().item<float>(), 0.999, 1);
    }

    [Fact]
    public void A_disposed_generator_is_refused()
    {
        var generator = new Generator(1);
        generator.Dispose();
        Assert.Throws<ObjectDisposedException>(() => rand(1, generator: generator));
    }

    [Fact]
    public void Threads_can_be_set()
    {
        int before = get_num_threads();
        set_num_threads(1);
        Assert.Equal(1, get_num_threads());
        set_num_threads(before);
        Assert.Equal(before, get_num_threads());
    }
}
