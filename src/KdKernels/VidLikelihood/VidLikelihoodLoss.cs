using KdKernels.Core;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.VidLikelihood"/> as a module that owns the variances: <c>call(student, teacher)</c> on the student's
/// prediction of the teacher's features and these features, <c>[B, C, ...]</c>.
/// </summary>
/// <remarks>
/// ρ is the module's parameter <c>rho</c>, so that it is trained and saved: give <c>parameters()</c> to the optimizer. Weight decay
/// must not hit it, since ρ = 0 is no neutral value but the variance log 2: put it into a parameter group of its own whose
/// <c>weight_decay</c> is 0.
/// </remarks>
public sealed class VidLikelihoodLoss : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "rho")]
    private readonly Parameter _rho;

    /// <param name="channels">C, the teacher's channels.</param>
    /// <param name="reduction">How the rows are combined; Mean, over every element, is the paper's.</param>
    /// <param name="variance">What every channel's variance starts from; the published code starts from 5.</param>
    /// <param name="epsilon">ε, what softplus(ρ) is raised by.</param>
    /// <param name="withConstant">Whether every element also counts ½·log 2π.</param>
    /// <param name="dtype">As the features; the default is torch's.</param>
    /// <exception cref="ArgumentOutOfRangeException">No channels; a variance that is not above ε; a reduction that does not
    /// exist.</exception>
    public VidLikelihoodLoss(
        long channels,
        KdReduction reduction = KdReduction.Mean,
        double variance = 5,
        double epsilon = VidLikelihood.DefaultEpsilon,
        bool withConstant = false,
        ScalarType? dtype = null)
        : base(nameof(VidLikelihoodLoss))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        KdGuard.IsReduction(reduction);
        Reduction = reduction;
        Epsilon = epsilon;
        WithConstant = withConstant;
        double rho = VidLikelihood.InitialRho(variance, epsilon);
        _rho = new Parameter(full([channels], rho, dtype ?? get_default_dtype()));
        RegisterComponents();
    }

    /// <summary>ρ <c>[C]</c>: the variances are softplus(ρ) + ε.</summary>
    public Parameter Rho => _rho;

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>ε, what softplus(ρ) is raised by.</summary>
    public double Epsilon { get; }

    /// <summary>Whether every element also counts ½·log 2π.</summary>
    public bool WithConstant { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) =>
        KdFunctional.VidLikelihood(student, teacher, _rho, Reduction, Epsilon, WithConstant);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _rho.Dispose();
        base.Dispose(disposing);
    }
}
