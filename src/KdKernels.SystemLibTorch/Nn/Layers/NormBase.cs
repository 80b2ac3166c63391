using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What normalisations with running statistics share.</summary>
public abstract class NormBase : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;

    [ComponentName(Name = nameof(bias))]
    private Parameter? _bias;

    [ComponentName(Name = nameof(running_mean))]
    private Tensor? _running_mean;

    [ComponentName(Name = nameof(running_var))]
    private Tensor? _running_var;

    [ComponentName(Name = nameof(num_batches_tracked))]
    private Tensor? _num_batches_tracked;

    /// <summary>Creates scale and shift (1 and 0) and running mean and variance (0 and 1).</summary>
    protected NormBase(
        long num_features, double eps, double? momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype,
        string name)
        : base(name)
    {
        this.num_features = num_features;
        this.eps = eps;
        this.momentum = momentum;
        this.affine = affine;
        this.track_running_stats = track_running_stats;
        if (affine)
        {
            weight = new Parameter(empty([num_features], dtype, device));
            bias = new Parameter(empty([num_features], dtype, device));
        }
        if (track_running_stats)
        {
            running_mean = zeros([num_features], dtype, device);
            running_var = ones([num_features], dtype, device);
            num_batches_tracked = zeros([], dtype ?? ScalarType.Int64, device);
        }
        reset_parameters();
    }

    /// <summary>The scale per channel.</summary>
    public Parameter weight
    {
        get => _weight!;
        set => SetParameter(ref _weight, nameof(weight), value);
    }

    /// <summary>The shift per channel.</summary>
    public Parameter? bias
    {
        get => _bias;
        set => SetParameter(ref _bias, nameof(bias), value);
    }

    /// <summary>The moving mean per channel.</summary>
    public Tensor? running_mean
    {
        get => _running_mean;
        set => SetBuffer(ref _running_mean, nameof(running_mean), value);
    }

    /// <summary>The moving (unbiased) variance per channel.</summary>
    public Tensor? running_var
    {
        get => _running_var;
        set => SetBuffer(ref _running_var, nameof(running_var), value);
    }

    /// <summary>How many batches the running statistics have seen.</summary>
    public Tensor? num_batches_tracked
    {
        get => _num_batches_tracked;
        set => SetBuffer(ref _num_batches_tracked, nameof(num_batches_tracked), value);
    }

    /// <summary>The number of channels.</summary>
    public long num_features { get; private set; }

    /// <summary>Added to the variance.</summary>
    public double eps { get; set; }

    /// <summary>How far a batch moves the running statistics; null for their plain mean.</summary>
    public double? momentum { get; set; }

    /// <summary>Whether there are scale and shift.</summary>
    public bool affine { get; private set; }

    /// <summary>Whether there are running statistics.</summary>
    public bool track_running_stats { get; private set; }

    /// <summary>Sets the running statistics to mean 0, variance 1, no batch seen.</summary>
    public void reset_running_stats()
    {
        if (!track_running_stats) return;
        nn.init.zeros_(running_mean!);
        nn.init.ones_(running_var!);
        nn.init.zeros_(num_batches_tracked!);
    }

    /// <summary>Resets the running statistics, the scale to 1 and the shift to 0.</summary>
    public void reset_parameters()
    {
        reset_running_stats();
        if (!affine) return;
        nn.init.ones_(weight);
        nn.init.zeros_(bias!);
    }

    /// <summary>Throws when the input has the wrong number of dimensions.</summary>
    protected abstract void ValidateInputDimensions(Tensor input);
}
