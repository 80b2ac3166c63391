using KdKernels.Distillation.Tasks;

namespace KdKernels.Distillation.Training;

/// <summary>A finished training.</summary>
/// <param name="Result">What it found.</param>
/// <param name="Evaluation">The answers on the held-out items.</param>
/// <param name="Accuracies">Held-out accuracy after each epoch; null where it was not measured.</param>
internal sealed record Outcome(NetworkResult Result, Evaluation Evaluation, IReadOnlyList<double?> Accuracies)
{
    /// <summary>With what a first stage took.</summary>
    public Outcome After(Outcome first) => this with
    {
        Result = Result with
        {
            Epochs = first.Result.Epochs + Result.Epochs, Seconds = first.Result.Seconds + Result.Seconds,
        },
        Accuracies = [.. first.Accuracies, .. Accuracies],
    };

    /// <summary>Epochs until an accuracy was first reached; null where it never was.</summary>
    public int? EpochsTo(double accuracy)
    {
        for (int epoch = 0; epoch < Accuracies.Count; epoch++)
        {
            if (Accuracies[epoch] >= accuracy)
            {
                return epoch + 1;
            }
        }

        return null;
    }
}
