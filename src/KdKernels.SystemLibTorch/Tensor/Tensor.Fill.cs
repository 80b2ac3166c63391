namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor zero_() => Aten.zero_.CallInPlace(this);
        public Tensor fill_(Scalar value) => Aten.fill__scalar.CallInPlace(this, value);
        public Tensor copy_(Tensor source, bool nonBlocking = false) =>
            Aten.copy_.CallInPlace(this, source, nonBlocking);
        public Tensor set_(Tensor source) => Aten.set__source_Tensor.CallInPlace(this, source);

        public Tensor normal_(double mean = 0, double std = 1, Generator? generator = null) =>
            Aten.normal_.CallInPlace(this, mean, std, generator);
        public Tensor uniform_(double from, double to, Generator? generator = null) =>
            Aten.uniform_.CallInPlace(this, from, to, generator);
        public Tensor bernoulli(Generator? generator = null) => Aten.bernoulli.Call(this, generator);
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) =>
            Aten.bernoulli__float.CallInPlace(this, p, generator);
        public Tensor bernoulli_(Tensor p, Generator? generator = null) =>
            Aten.bernoulli_.CallInPlace(this, p, generator);
        public Tensor random_(double from, double to, Generator? generator = null) =>
            Aten.random__from.CallInPlace(this, checked((long)from), checked((long)to), generator);
        public Tensor exponential_(double lambda = 1, Generator? generator = null) =>
            Aten.exponential_.CallInPlace(this, lambda, generator);
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            Aten.multinomial.Call(this, num_samples, replacement, generator);
    }
}
