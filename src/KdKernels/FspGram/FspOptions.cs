using KdKernels.Core;

namespace KdKernels;

/// <summary>What FspLoss computes, apart from features and reduction; the defaults are the paper's.</summary>
/// <param name="Form">The squared Frobenius norm, the mean of the squares, or the columns' norms.</param>
/// <param name="Pooling">How the larger layer of a pair is brought to the size of the smaller one.</param>
/// <param name="AllowTf32">
/// Whether float32 may be rounded to tf32 on CUDA, an error of 1e-3 instead of 2e-6 for a third of the arithmetic. To follow torch's
/// switch, give <c>torch.backends.cuda.matmul.allow_tf32</c>.
/// </param>
public sealed record FspOptions(FspForm Form = FspForm.Paper, FspPooling Pooling = FspPooling.Max, bool AllowTf32 = false)
{
    internal FspLossSettings ToSettings(KdReduction reduction) => new(Form, Pooling, reduction) { AllowTf32 = AllowTf32 };

    internal FspOptions Checked(KdReduction reduction)
    {
        CheckForm(Form);
        CheckPooling(Pooling);
        KdGuard.IsReduction(reduction);
        if (reduction == KdReduction.Mean)
        {
            throw new ArgumentOutOfRangeException(
                nameof(reduction), reduction,
                "expected None, Sum or BatchMean, since the form says what a sample's loss is, but got Mean");
        }
        return this;
    }

    internal static void CheckPooling(FspPooling pooling)
    {
        if (!Enum.IsDefined(pooling))
            throw new ArgumentOutOfRangeException(nameof(pooling), pooling, $"expected Max or Average pooling but got {(int)pooling}");
    }

    private static void CheckForm(FspForm form)
    {
        if (!Enum.IsDefined(form))
        {
            throw new ArgumentOutOfRangeException(
                nameof(form), form, $"expected the form Paper, Mean or ColumnNorms but got {(int)form}");
        }
    }
}
