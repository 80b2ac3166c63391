using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models.Sequences;

/// <summary>Logistic regression on the counts of the words: each word adds its own row of logits.</summary>
internal sealed class BagOfWords : nn.Module<Tensor, Tensor>
{
    private readonly Embedding rows;

    public BagOfWords(int classes, int vocabulary)
        : base(nameof(BagOfWords))
    {
        rows = nn.Embedding(vocabulary, classes, padding_idx: 0);
        RegisterComponents();
        using var noGrad = no_grad();
        rows.weight!.zero_();
    }

    public override Tensor forward(Tensor input)
    {
        using Tensor found = rows.call(input);
        return found.sum(1);
    }
}
