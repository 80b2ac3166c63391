using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>
/// Long short-term memory (Hochreiter and Schmidhuber 1997), as torch has it: gates i, f, g, o in that order,
/// c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c').
/// </summary>
public sealed class LSTM : nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor, Tensor)>
{
    private const int Gates = 4;

    private static readonly AtenOp LstmOp = new("lstm", "input");

    private readonly long _hiddenSize;
    private readonly long _layers;
    private readonly bool _hasBias;
    private readonly bool _batchFirst;
    private readonly double _dropout;
    private readonly bool _bidirectional;

    internal LSTM(
        long inputSize, long hiddenSize, long numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional,
        Device? device, ScalarType? dtype)
        : base(nameof(LSTM))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hiddenSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numLayers);
        _hiddenSize = hiddenSize;
        _layers = numLayers;
        _hasBias = bias;
        _batchFirst = batchFirst;
        _dropout = dropout;
        _bidirectional = bidirectional;
        long gateSize = Gates * hiddenSize;
        for (long layer = 0; layer < numLayers; layer++)
        {
            long width = layer == 0 ? inputSize : Directions * hiddenSize;
            for (int direction = 0; direction < Directions; direction++)
            {
                string suffix = direction == 0 ? $"_l{layer}" : $"_l{layer}_reverse";
                Add("weight_ih" + suffix, [gateSize, width], device, dtype);
                Add("weight_hh" + suffix, [gateSize, hiddenSize], device, dtype);
                if (!bias) continue;
                Add("bias_ih" + suffix, [gateSize], device, dtype);
                Add("bias_hh" + suffix, [gateSize], device, dtype);
            }
        }
    }

    private int Directions => _bidirectional ? 2 : 1;

    /// <summary>Runs over a sequence.</summary>
    /// <param name="input"><c>[L, B, In]</c>, or <c>[B, L, In]</c> where the batch is first.</param>
    /// <param name="h0_c0">
    /// The first hidden and cell states, each <c>[directions·layers, B, H]</c>; null for zeros.
    /// </param>
    /// <returns>
    /// The last layer's hidden states <c>[L, B, directions·H]</c> (the batch first as in the input), then the last
    /// hidden and cell states of every layer and direction, <c>[directions·layers, B, H]</c>.
    /// </returns>
    /// <exception cref="ArgumentException">The input has not three dimensions.</exception>
    [SuppressMessage(
        "Design", "MA0061:Method overrides should not change default values",
        Justification = "TorchSharp's signature.")]
    public override (Tensor, Tensor, Tensor) forward(Tensor input, (Tensor, Tensor)? h0_c0 = null)
    {
        if (input.ndim != 3)
            throw new ArgumentException($"expected 3D input, but got {input.ndim}D input.", nameof(input));
        if (h0_c0 is var (hidden, cell)) return Run(input, hidden, cell);
        using Tensor zero = zeros(
            [Directions * _layers, input.size(_batchFirst ? 0 : 1), _hiddenSize], input.dtype, input.device);
        return Run(input, zero, zero);
    }

    /// <summary>Runs the module with its hooks; see <see cref="forward"/>.</summary>
    public new (Tensor, Tensor, Tensor) call(Tensor input, (Tensor, Tensor)? h0_c0 = null) => base.call(input, h0_c0);

    private (Tensor, Tensor, Tensor) Run(Tensor input, Tensor hidden, Tensor cell)
    {
        // In the order of registration, which is the operator's; read anew, since `to` replaces parameters.
        Tensor[] weights = [.. parameters(recurse: false)];
        // cuDNN has no backward pass for an evaluation pass. Without dropout the two compute the same, so an evaluated
        // network can still be differentiated.
        bool train = training || (_dropout == 0 && is_grad_enabled());
        return LstmOp.Call3(
            input, new[] { hidden, cell }, weights, _hasBias, _layers, _dropout, train, _bidirectional, _batchFirst);
    }

    private void Add(string name, long[] shape, Device? device, ScalarType? dtype)
    {
        var parameter = new Parameter(empty(shape, dtype, device));
        double bound = 1 / Math.Sqrt(_hiddenSize);
        nn.init.uniform_(parameter, -bound, bound);
        parameter.DetachFromDisposeScope();
        register_parameter(name, parameter);
    }
}
