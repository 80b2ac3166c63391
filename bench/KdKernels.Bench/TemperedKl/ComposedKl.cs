using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.TemperedKl;

/// <summary>The forms in which users compose T² · KL(softmax(t/T) ‖ softmax(s/T)), mean over rows, from torch operations.</summary>
internal static class ComposedKl
{
    /// <summary><c>kl_div(log_softmax(s/T), softmax(t/T))</c>: what most code has.</summary>
    public static Tensor Plain(Tensor student, Tensor teacher, double temperature) =>
        kl_div(log_softmax(student / temperature, 1), softmax(teacher / temperature, 1), log_target: false, reduction: nn.Reduction.Sum)
            * (temperature * temperature / student.shape[0]);

    /// <summary>The same with <c>log_target: true</c>, which spares the scalar xlogy.</summary>
    public static Tensor LogTarget(Tensor student, Tensor teacher, double temperature) =>
        kl_div(log_softmax(student / temperature, 1), log_softmax(teacher / temperature, 1), log_target: true, reduction: nn.Reduction.Sum)
            * (temperature * temperature / student.shape[0]);

    /// <summary><c>Σ p · (log p − log q)</c> by hand.</summary>
    public static Tensor ByHand(Tensor student, Tensor teacher, double temperature)
    {
        var logP = log_softmax(teacher / temperature, 1);
        var logQ = log_softmax(student / temperature, 1);
        return (logP.exp() * (logP - logQ)).sum() * (temperature * temperature / student.shape[0]);
    }
}
