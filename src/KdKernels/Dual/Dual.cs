using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// A batch x of <c>[B, ...]</c> with K tangents, kept as one stack <c>[x; v_1; …; v_K]</c> of <c>[(1 + K) · B, ...]</c>: linear
/// layers run on all of it at once (tangents without the bias), and every other layer knows its derivative. With K = 0 it is a plain
/// tensor, and every operation is torch's own. Pushing it through a network gives Jacobian-vector products in one forward pass,
/// without create_graph; a loss on them trains by one ordinary backward.
/// </summary>
public readonly struct Dual
{
    /// <summary>A plain tensor: no tangents.</summary>
    public Dual(Tensor x)
        : this(x, tangentCount: 0)
    {
    }

    /// <summary>A stack of 1 + <paramref name="tangentCount"/> blocks along the first dimension.</summary>
    /// <exception cref="ArgumentException">The first dimension does not hold so many blocks.</exception>
    public Dual(Tensor stack, long tangentCount)
    {
        ArgumentNullException.ThrowIfNull(stack);
        if (tangentCount != 0) DualGuard.IsStack(stack, tangentCount);
        Stack = stack;
        TangentCount = tangentCount;
    }

    /// <summary><c>[(1 + K) · B, ...]</c>.</summary>
    public Tensor Stack { get; }

    /// <summary>K.</summary>
    public long TangentCount { get; }

    /// <summary>x or what became of it, <c>[B, ...]</c>; a view of the stack.</summary>
    public Tensor Primal => Stack.narrow(0, 0, Batch);

    /// <summary>Its derivatives, <c>[B, K, ...]</c>; a view of the stack.</summary>
    public Tensor Tangents => Stack.narrow(0, Batch, TangentCount * Batch)
        .view([TangentCount, Batch, .. Stack.shape[1..]]).transpose(0, 1);

    private long Batch => TangentCount == 0 ? Stack.shape[0] : Stack.shape[0] / (1 + TangentCount);

    /// <summary>
    /// The output of a network and its Jacobian-vector products, <c>ẏ_k = (∂y/∂x) v_k</c>, from one forward pass.
    /// </summary>
    /// <param name="network">
    /// Built of layers that <see cref="Through"/> knows, or an <see cref="IDualModule"/> as the shipped models are; batch norms and
    /// dropouts in eval mode. Hooks of its layers do not run.
    /// </param>
    /// <param name="x"><c>[B, ...]</c>, float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA.</param>
    /// <param name="tangents">Directions <c>[B, K, ...]</c>, or of x's shape for a single one; in x's dtype and on its device.</param>
    /// <returns>The output, and for every tangent its derivative <c>[B, K, ...]</c>, without K for a single one.</returns>
    /// <remarks>
    /// Gradients flow to the parameters, to x and to the tangents. The gradient of a JVP by the input leaves out what comes through
    /// the masks of ReLU and max pooling: their second derivative is 0 almost everywhere. Czarnecki et al. 2017; Srinivas and Fleuret
    /// 2018.
    /// </remarks>
    /// <exception cref="ArgumentException">The tangents' shape or dtype does not fit x.</exception>
    /// <exception cref="InvalidOperationException">A batch norm or dropout is in training mode.</exception>
    /// <exception cref="NotSupportedException">A layer that is not known, a dtype or device without an implementation.</exception>
    public static (Tensor Primal, Tensor Tangents) Jvp(nn.Module<Tensor, Tensor> network, Tensor x, Tensor tangents)
    {
        ArgumentNullException.ThrowIfNull(network);
        KdGuard.IsComputable(x);
        KdGuard.IsComputable(tangents);
        using var scope = NewDisposeScope();
        bool single = tangents.dim() == x.dim();
        var output = Of(x, single ? tangents.unsqueeze(1) : tangents).Through(network);
        var derivatives = output.Tangents;
        if (single) derivatives = derivatives.squeeze(1);
        return (output.Primal.MoveToOuterDisposeScope(), derivatives.MoveToOuterDisposeScope());
    }

    /// <summary>Stacks a batch and its tangents.</summary>
    /// <param name="x"><c>[B, ...]</c>.</param>
    /// <param name="tangents"><c>[B, K, ...]</c> in x's dtype and on its device.</param>
    /// <exception cref="ArgumentException">The tangents' shape or dtype does not fit x.</exception>
    public static Dual Of(Tensor x, Tensor tangents)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(tangents);
        KdGuard.SameDtype(tangents, x);
        KdGuard.SameDevice(tangents, x);
        long[] shape = x.shape;
        if (tangents.dim() != shape.Length + 1 || tangents.shape[0] != shape[0]
            || !tangents.shape.AsSpan(2).SequenceEqual(shape.AsSpan(1)))
        {
            throw new ArgumentException(
                $"expected tangents of shape [{string.Join(", ", shape.Skip(1).Select(size => $"{size}").Prepend("K").Prepend($"{shape[0]}"))}] "
                + $"but got {KdGuard.Shape(tangents)}",
                nameof(tangents));
        }
        long count = tangents.shape[1];
        using var byTangent = tangents.transpose(0, 1);
        using var blocks = byTangent.reshape([count * shape[0], .. shape[1..]]);
        return new Dual(cat([x, blocks]), count);
    }

    /// <summary>
    /// Applies a layer: Sequential, Conv2d, Linear, BatchNorm1d and BatchNorm2d (eval), ReLU, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d,
    /// Flatten, Identity, Dropout (eval), or an <see cref="IDualModule"/>. Without tangents, any module by its own <c>call</c>.
    /// </summary>
    /// <exception cref="NotSupportedException">A layer that is not known.</exception>
    /// <exception cref="InvalidOperationException">A batch norm or dropout is in training mode.</exception>
    public Dual Through(nn.Module<Tensor, Tensor> layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return TangentCount == 0 ? new Dual(layer.call(Stack)) : DualLayers.Apply(layer, this);
    }

    /// <summary>max(x, 0); <paramref name="inPlace"/> overwrites a plain tensor, and means nothing where there are tangents.</summary>
    public Dual Relu(bool inPlace = false) => TangentCount == 0
        ? new Dual(nn.functional.relu(Stack, inPlace))
        : new Dual(KdFunctional.DualRelu(Stack, TangentCount), TangentCount);

    /// <summary>Adds another one to this one, in place.</summary>
    /// <exception cref="ArgumentException">They have different numbers of tangents.</exception>
    public Dual AddInPlace(Dual other)
    {
        if (other.TangentCount != TangentCount)
            throw new ArgumentException($"expected {TangentCount} tangents but got {other.TangentCount}", nameof(other));
        return new Dual(Stack.add_(other.Stack), TangentCount);
    }

    /// <summary>Merges the dimensions from <paramref name="startDimension"/> on, which is 1 or more.</summary>
    public Dual Flatten(long startDimension = 1)
    {
        KeepsSamples(startDimension);
        return new Dual(Stack.flatten(startDimension), TangentCount);
    }

    /// <summary>The mean over dimensions, each of them 1 or more.</summary>
    public Dual Mean(params long[] dimensions)
    {
        foreach (long dimension in dimensions) KeepsSamples(dimension);
        return new Dual(Stack.mean(dimensions), TangentCount);
    }

    /// <summary>Takes the stack out of the current dispose scope.</summary>
    public Dual MoveToOuterDisposeScope()
    {
        Stack.MoveToOuterDisposeScope();
        return this;
    }

    private static void KeepsSamples(long dimension)
    {
        if (dimension < 1)
            throw new ArgumentOutOfRangeException(nameof(dimension), dimension, $"expected a dimension of 1 or more but got {dimension}");
    }
}
