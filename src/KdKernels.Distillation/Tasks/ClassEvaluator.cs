using System.Runtime.InteropServices;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Measures classifiers of items with one class each. Sums are taken in float64 in the order of the set, so that
/// the same weights give the same bits.</summary>
/// <param name="batches">Every item once, in the order of the set.</param>
/// <param name="labels"><c>[N]</c>.</param>
internal sealed class ClassEvaluator(IBatches batches, ReadOnlyMemory<int> labels)
{
    /// <summary>Evaluates in evaluation mode and without gradients; a network that was training goes on
    /// training.</summary>
    /// <param name="network">Logits <c>[B, classes]</c> of a batch's inputs.</param>
    /// <param name="teacher">The teacher's predictions on the same items, for the agreement; null without a
    /// teacher.</param>
    /// <param name="change">What happens to inputs before the network sees them, given the position of their first;
    /// null for nothing.</param>
    public Evaluation Run(nn.Module<Tensor, Tensor> network, int[]? teacher, Func<Tensor, int, Tensor>? change = null)
    {
        int count = labels.Length;
        int[] predictions = new int[count];
        double[] scores = new double[count];
        double[] losses = new double[count];
        double entropy = 0;
        int position = 0;
        ForEachRow(network, change, logits =>
        {
            int label = labels.Span[position];
            (int prediction, double crossEntropy, double own) = Measure(logits, label);
            predictions[position] = prediction;
            scores[position] = prediction == label ? 1 : 0;
            losses[position++] = crossEntropy;
            entropy += own;
        });
        double? agreement = teacher is null
            ? null
            : (double)predictions.Zip(teacher, (student, other) => student == other ? 1 : 0).Sum() / count;
        return new Evaluation(
            predictions,
            scores,
            new HeldOutMetrics(count, scores.Sum() / count, losses.Sum() / count, entropy / count, agreement),
            losses);
    }

    /// <summary>The network's logits for every item, in the order of the set.</summary>
    public IReadOnlyList<float[]> Logits(nn.Module<Tensor, Tensor> network)
    {
        List<float[]> rows = [];
        ForEachRow(network, change: null, logits => rows.Add(logits.ToArray()));
        return rows;
    }

    private void ForEachRow(
        nn.Module<Tensor, Tensor> network, Func<Tensor, int, Tensor>? change, Action<ReadOnlySpan<float>> visit)
    {
        using var evaluationMode = new EvaluationMode(network);
        using var noGrad = no_grad();
        int first = 0;
        foreach (ReadOnlyMemory<int> indices in batches.Plan.Batches(epoch: 0))
        {
            using var scope = NewDisposeScope();
            Tensor input = batches.Load(indices.Span, epoch: 0).Inputs;
            Tensor logits = network.call(change is null ? input : change(input, first)).cpu().contiguous();
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(logits.bytes);
            int classes = values.Length / indices.Length;
            for (int row = 0; row < indices.Length; row++)
            {
                visit(values.Slice(row * classes, classes));
            }

            first += indices.Length;
        }
    }

    /// <summary>H = lse − Σ p z: the form without the logarithm of a probability that may have vanished.</summary>
    private static (int Prediction, double CrossEntropy, double Entropy) Measure(ReadOnlySpan<float> logits, int label)
    {
        int prediction = 0;
        for (int c = 1; c < logits.Length; c++)
        {
            prediction = logits[c] > logits[prediction] ? c : prediction;
        }

        double largest = logits[prediction];
        double sum = 0;
        double weighted = 0;
        foreach (float logit in logits)
        {
            double shifted = logit - largest;
            double weight = Math.Exp(shifted);
            sum += weight;
            weighted += weight * shifted;
        }

        double logSum = Math.Log(sum);
        return (prediction, logSum - (logits[label] - largest), logSum - weighted / sum);
    }
}
