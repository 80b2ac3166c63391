using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Detection;

/// <summary>Turns the numbers of a detector's cells into scored boxes.</summary>
/// <param name="Grid">The detector's cells.</param>
/// <param name="MinScore">Boxes below this score are left out.</param>
/// <param name="MaxIou">Boxes of one class that overlap by more are one object.</param>
public sealed record DetectionDecoder(DetectionGrid Grid, double MinScore = 0.05, double MaxIou = 0.5)
{
    /// <summary>
    /// Every cell offers its box once for every class whose softmax probability is at least <see cref="MinScore"/>;
    /// then <see cref="NonMaximumSuppression"/>. Arithmetic is in float64.
    /// </summary>
    /// <param name="output"><c>[B, A, C + 1 + 4]</c>.</param>
    /// <returns>The boxes of each image, by falling score.</returns>
    public IReadOnlyList<DetectedObject>[] Decode(Tensor output)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        ReadOnlySpan<double> scores = Values(Grid.Logits(output).to(ScalarType.Float64).softmax(-1));
        ReadOnlySpan<double> offsets = Values(Grid.Offsets(output).to(ScalarType.Float64));
        var result = new IReadOnlyList<DetectedObject>[output.shape[0]];
        for (int image = 0; image < result.Length; image++)
        {
            List<DetectedObject> candidates = [];
            for (int cell = 0; cell < Grid.CellCount; cell++)
            {
                int row = image * Grid.CellCount + cell;
                Offer(
                    scores.Slice(row * Grid.LogitCount, Grid.LogitCount),
                    offsets.Slice(row * DetectionGrid.OffsetCount, DetectionGrid.OffsetCount),
                    cell,
                    candidates);
            }

            result[image] = NonMaximumSuppression.Apply(candidates, MaxIou);
        }

        return result;
    }

    private void Offer(
        ReadOnlySpan<double> scores, ReadOnlySpan<double> offsets, int cell, List<DetectedObject> candidates)
    {
        for (int id = DetectionGrid.Background + 1; id < scores.Length; id++)
        {
            if (scores[id] >= MinScore)
                candidates.Add(new DetectedObject(id - 1, scores[id], Grid.Decode(offsets, cell)));
        }
    }

    private static ReadOnlySpan<double> Values(Tensor tensor) =>
        MemoryMarshal.Cast<byte, double>(tensor.cpu().contiguous().bytes);
}
