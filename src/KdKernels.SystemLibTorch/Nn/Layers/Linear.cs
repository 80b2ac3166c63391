using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>x·Wᵀ + b.</summary>
public sealed class Linear : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;

    [ComponentName(Name = nameof(bias))]
    private Parameter? _bias;

    internal Linear(Parameter weight, Parameter? bias)
        : base(nameof(Linear))
    {
        in_features = weight.size(1);
        out_features = weight.size(0);
        this.weight = weight;
        this.bias = bias;
    }

    internal Linear(long inputSize, long outputSize, bool hasBias, Device? device, ScalarType? dtype)
        : base(nameof(Linear))
    {
        in_features = inputSize;
        out_features = outputSize;
        weight = new Parameter(empty([outputSize, inputSize], dtype, device));
        nn.init.kaiming_uniform_(weight, a: Math.Sqrt(5));
        if (!hasBias) return;
        bias = new Parameter(empty([outputSize], dtype, device));
        double bound = inputSize > 0 ? 1 / Math.Sqrt(inputSize) : 0;
        nn.init.uniform_(bias, -bound, bound);
    }

    /// <summary><c>[Out, In]</c></summary>
    public Parameter weight
    {
        get => _weight!;
        set => SetParameter(ref _weight, nameof(weight), value);
    }

    /// <summary><c>[Out]</c>, or null.</summary>
    public Parameter? bias
    {
        get => _bias;
        set => SetParameter(ref _bias, nameof(bias), value);
    }

    /// <summary>The size of the input's last dimension.</summary>
    public long in_features { get; set; }

    /// <summary>The size of the output's last dimension.</summary>
    public long out_features { get; set; }

    /// <summary><c>[*, In]</c> to <c>[*, Out]</c>.</summary>
    public override Tensor forward(Tensor tensor) => nn.functional.linear(tensor, _weight!, _bias);
}
