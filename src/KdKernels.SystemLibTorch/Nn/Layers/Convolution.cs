using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What the convolutions share: their sizes, weight and bias.</summary>
public abstract class Convolution : nn.Module<Tensor, Tensor>
{
    /// <summary>The bias, if there is one.</summary>
    [ComponentName(Name = nameof(bias))]
    protected Parameter? _bias;

    /// <summary>The weight.</summary>
    [ComponentName(Name = nameof(weight))]
    protected Parameter? _weight;

    /// <summary>The padding as <c>functional.pad</c> takes it: the last dimension first, both sides of each.</summary>
    protected long[] _reversed_padding_repeated_twice = [];

    /// <summary>Creates the weight and the bias, with the initial values that torch uses.</summary>
    protected Convolution(
        string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[]? padding, Padding? padding_type,
        long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode,
        Device? device = null, ScalarType? dtype = null)
        : base(name)
    {
        if (transposed && padding_mode != PaddingModes.Zeros)
            throw new ArgumentException("Only PaddingModes.Zeros is supported for ConvTransposeND", nameof(padding_mode));
        this.in_channels = in_channels;
        this.out_channels = out_channels;
        this.kernel_size = kernel_size;
        this.stride = stride;
        this.dilation = dilation;
        this.transposed = transposed;
        this.output_padding = output_padding;
        this.groups = groups;
        this.padding_mode = padding_mode;
        if (padding_type is { } type)
            SetPadding(type);
        else
            SetPadding(padding ?? new long[kernel_size.Length]);

        long[] channels = transposed ? [in_channels, out_channels / groups] : [out_channels, in_channels / groups];
        weight = new Parameter(empty([.. channels, .. kernel_size], dtype, device));
        if (bias) this.bias = new Parameter(empty([out_channels], dtype, device));
        reset_parameters();
    }

    /// <summary><c>[Out, In / groups, kernel...]</c>; transposed, <c>[In, Out / groups, kernel...]</c>.</summary>
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

    /// <summary>The channels of the input.</summary>
    public long in_channels { get; }

    /// <summary>The channels of the output.</summary>
    public long out_channels { get; }

    /// <summary>Whether this is a transposed convolution.</summary>
    public bool transposed { get; }

    /// <summary>The kind of padding, where it is not given by numbers.</summary>
    public Padding? padding_type { get; private set; }

    /// <summary>The padding per dimension, where it is given by numbers.</summary>
    public long[]? padding { get; private set; }

    /// <summary>What stands in the border.</summary>
    public PaddingModes padding_mode { get; set; }

    /// <summary>The number of independent channel groups.</summary>
    public long groups { get; set; }

    /// <summary>The kernel's size per dimension.</summary>
    public long[] kernel_size { get; set; }

    /// <summary>The stride per dimension.</summary>
    public long[] stride { get; set; }

    /// <summary>The distance between kernel elements per dimension.</summary>
    public long[] dilation { get; set; }

    /// <summary>Size added on one side of a transposed convolution's output.</summary>
    public long[] output_padding { get; set; }

    /// <summary>Draws weight and bias uniformly from ±1/√(fan in).</summary>
    public void reset_parameters()
    {
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (bias is null) return;
        var (fanIn, _) = nn.init.CalculateFanInAndFanOut(weight);
        if (fanIn == 0) return;
        double bound = 1 / Math.Sqrt(fanIn);
        nn.init.uniform_(bias, -bound, bound);
    }

    /// <summary>Gives the padding by numbers.</summary>
    public void SetPadding(long[] padding)
    {
        padding_type = null;
        this.padding = padding;
        _reversed_padding_repeated_twice = padding.Reverse().SelectMany(value => Enumerable.Repeat(value, 2)).ToArray();
    }

    /// <summary>Gives the padding by kind.</summary>
    /// <exception cref="ArgumentException">Transposed; or <see cref="Padding.Same"/> with a stride.</exception>
    public void SetPadding(Padding padding)
    {
        if (transposed) throw new ArgumentException("Cannot set padding type on ConvTransposeND", nameof(padding));
        if (padding == Padding.Same && stride.Any(value => value != 1))
            throw new ArgumentException("padding='same' is not supported for strided convolutions", nameof(padding));
        this.padding = null;
        padding_type = padding;
        int dimensions = kernel_size.Length;
        _reversed_padding_repeated_twice = new long[2 * dimensions];
        if (padding != Padding.Same) return;
        for (int d = 0; d < dimensions; d++)
        {
            long total = dilation[d] * (kernel_size[d] - 1);
            int last = 2 * (dimensions - 1 - d);
            _reversed_padding_repeated_twice[last] = total / 2;
            _reversed_padding_repeated_twice[last + 1] = total - total / 2;
        }
    }

    /// <summary>Whether the input has the right channels, with or without a batch dimension.</summary>
    protected bool ValidateShape(Tensor input, long dimensions)
    {
        long rank = input.ndim;
        return (rank == dimensions + 2 && input.size(1) == in_channels) || (rank == dimensions + 1 && input.size(0) == in_channels);
    }

    private protected ArgumentException Unexpected(Tensor input) => new(
        $"Expected 3D (unbatched) or 4D (batched) input with {in_channels} channels to {GetName()} "
        + $"but got [{string.Join(", ", input.shape)}].",
        nameof(input));
}
