using static TorchSharp.torch;

namespace KdKernels.Bench.Harness;

/// <summary>One way of composing an op from torch operations.</summary>
internal sealed record BenchForm(string Name, Func<Tensor> Run);

/// <summary>
/// An op at one shape beside what a user would write instead. All forms compute the same output from the same tensors.
/// </summary>
internal sealed class BenchCase
{
    /// <summary>The op's name in the console.</summary>
    public required string Op { get; init; }

    /// <summary>Such as <c>[1024,1000]</c>.</summary>
    public required string Shape { get; init; }

    public string Dtype { get; init; } = "float32";

    /// <summary>The tensors that require gradients.</summary>
    public required Tensor[] Leaves { get; init; }

    public required Func<Tensor> Fused { get; init; }

    /// <summary>The plain form that most code has, then faster ones.</summary>
    public required BenchForm[] Composed { get; init; }

    /// <summary>Forms that are shown but not compared with: what a reference implementation does.</summary>
    public BenchForm[] Beside { get; init; } = [];

    /// <summary>The float64 oracle's sum of the output: a wrong result is not worth timing.</summary>
    public required Func<double> Expected { get; init; }

    /// <summary>What is summed instead of the output, where the sum of the output itself says nothing. Not timed.</summary>
    public Func<Tensor, Tensor> Compared { get; init; } = output => output;

    /// <summary>What the sum of the fused output may differ from that by, relatively.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Least traffic of the forward pass without gradients.</summary>
    public required long ForwardBytes { get; init; }

    /// <summary>Least traffic of forward and backward together.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>The ratio of forward and backward to reach, where one was set.</summary>
    public double? Target { get; init; }

    /// <summary>The share of the read bandwidth that the forward pass should reach, where one was set.</summary>
    public double? ShareTarget { get; init; }

    /// <summary>Whether the quick table has it.</summary>
    public bool IsQuick { get; init; } = true;

    public static long Bytes(params Tensor[] tensors) => tensors.Sum(tensor => tensor.numel() * tensor.ElementSize);

    /// <summary>Forward without gradients.</summary>
    public static Action Forward(Func<Tensor> form) => () =>
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        form();
    };

    /// <summary>Forward and backward of the sum of the output.</summary>
    public Action ForwardBackward(Func<Tensor> form) => () =>
    {
        using var scope = NewDisposeScope();
        var output = form();
        (output.dim() == 0 ? output : output.sum()).backward();
        foreach (var leaf in Leaves) leaf.grad = null;
    };

    /// <exception cref="InvalidOperationException">A form computes something else.</exception>
    public void RequireSameValue()
    {
        double expected = Expected();
        Check("fused", Fused, Tolerance);
        // The composed forms are only asked whether they compute the same thing: their rounding is their own.
        foreach (var form in Composed.Concat(Beside)) Check(form.Name, form.Run, Math.Max(Tolerance, 1e-3));

        void Check(string name, Func<Tensor> form, double tolerance)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            double actual = Compared(form()).to(ScalarType.Float64).sum().item<double>();
            if (!(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected)))
                throw new InvalidOperationException($"{Op} {Shape}: {name} gives {actual}, the oracle {expected}: nothing to compare.");
        }
    }
}
