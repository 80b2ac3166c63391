using KdKernels.Core;

namespace KdKernels;

/// <summary>What attention transfer computes, apart from features and reduction; the defaults are the authors' code.</summary>
/// <param name="Form">Σ (q_s − q_t)², or the paper's ‖q_s − q_t‖₂ / 2; both times β.</param>
/// <param name="Power">p in |F|^p: 1, 2 or 4.</param>
/// <param name="Channels">Sum or mean over channels.</param>
/// <param name="Beta">β; 1 leaves the weight to the caller (the authors multiply the code's form by 10³).</param>
public sealed record AttentionOptions(
    AttentionForm Form = AttentionForm.Code, int Power = 2, ChannelReduction Channels = ChannelReduction.Sum, double Beta = 1)
{
    internal AttentionSquaredSettings ToSettings(KdReduction reduction) => new(Form, Power, Channels, Beta, reduction);

    internal AttentionOptions Checked(KdReduction reduction)
    {
        CheckPower(Power);
        CheckChannels(Channels);
        KdGuard.IsReduction(reduction);
        CheckForm(Form);
        CheckBeta(Beta);
        if (Form == AttentionForm.Paper && reduction == KdReduction.Mean)
        {
            throw new ArgumentOutOfRangeException(
                nameof(reduction), reduction,
                "expected None, Sum or BatchMean for the paper's form, which has one norm per sample, but got Mean");
        }
        return this;
    }

    internal static void CheckPower(int power)
    {
        if (power is not (1 or 2 or 4))
            throw new ArgumentOutOfRangeException(nameof(power), power, $"expected a power of 1, 2 or 4 but got {power}");
    }

    internal static void CheckChannels(ChannelReduction channels)
    {
        if (!Enum.IsDefined(channels))
        {
            throw new ArgumentOutOfRangeException(
                nameof(channels), channels, $"expected Sum or Mean over channels but got {(int)channels}");
        }
    }

    private static void CheckForm(AttentionForm form)
    {
        if (!Enum.IsDefined(form))
            throw new ArgumentOutOfRangeException(nameof(form), form, $"expected the form Code or Paper but got {(int)form}");
    }

    private static void CheckBeta(double beta)
    {
        if (!double.IsFinite(beta)) throw new ArgumentOutOfRangeException(nameof(beta), beta, $"expected a finite beta but got {beta}");
    }
}
